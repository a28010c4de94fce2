// Package snip declares every symbol that generated Go code imports, once.
// Each is a function that makes a fresh statement: jen.Statement is mutable.
package snip

import "github.com/dave/jennifer/jen"

const (
	root    = "github.com/oksai/oksai/handwritten/runtime/"
	codec   = root + "codec"
	valid   = root + "codec/validate"
	command = root + "command"
	given   = root + "command/giventest"
	event   = root + "event"
	store   = root + "eventstore"
	problem = root + "problem"
	project = root + "projection"
	react   = root + "reaction"
	timer   = root + "timer"
	money   = root + "money"
	secret  = root + "secret"
	uuid    = "github.com/google/uuid"
	jx      = "github.com/go-faster/jx"
	decimal = "github.com/shopspring/decimal"
	pgx     = "github.com/jackc/pgx/v5"
	group   = "golang.org/x/sync/errgroup"
	pgconn  = "github.com/jackc/pgx/v5/pgconn"
)

// Imports maps each path that is not of the standard library to its package name.
func Imports() map[string]string {
	return map[string]string{
		codec: "codec", valid: "validate", command: "command", given: "giventest", event: "event",
		store: "eventstore", problem: "problem", project: "projection", react: "reaction", timer: "timer", secret: "secret",
		money: "money", uuid: "uuid", jx: "jx", decimal: "decimal", pgx: "pgx", pgconn: "pgconn", group: "errgroup",
	}
}

// The standard library.
var (
	Context            = jen.Qual("context", "Context").Clone
	ErrorsAs           = jen.Qual("errors", "As").Clone
	ErrorsIs           = jen.Qual("errors", "Is").Clone
	NewError           = jen.Qual("errors", "New").Clone
	Errorf             = jen.Qual("fmt", "Errorf").Clone
	RawMessage         = jen.Qual("encoding/json", "RawMessage").Clone
	JSONValid          = jen.Qual("encoding/json", "Valid").Clone
	Headers            = jen.Qual("net/http", "Header").Clone
	LogAny             = jen.Qual("log/slog", "Any").Clone
	LogGroup           = jen.Qual("log/slog", "GroupValue").Clone
	LogString          = jen.Qual("log/slog", "String").Clone
	LogValue           = jen.Qual("log/slog", "Value").Clone
	MapsClone          = jen.Qual("maps", "Clone").Clone
	MapsEqual          = jen.Qual("maps", "Equal").Clone
	MapsEqualFunc      = jen.Qual("maps", "EqualFunc").Clone
	MapsKeys           = jen.Qual("maps", "Keys").Clone
	Regexp             = jen.Qual("regexp", "Regexp").Clone
	MustCompile        = jen.Qual("regexp", "MustCompile").Clone
	SlicesClone        = jen.Qual("slices", "Clone").Clone
	SlicesConcat       = jen.Qual("slices", "Concat").Clone
	SlicesContains     = jen.Qual("slices", "Contains").Clone
	SlicesContainsFunc = jen.Qual("slices", "ContainsFunc").Clone
	SlicesEqual        = jen.Qual("slices", "Equal").Clone
	SlicesEqualFunc    = jen.Qual("slices", "EqualFunc").Clone
	SlicesIndex        = jen.Qual("slices", "Index").Clone
	SlicesSorted       = jen.Qual("slices", "Sorted").Clone
	FormatBool         = jen.Qual("strconv", "FormatBool").Clone
	FormatInt          = jen.Qual("strconv", "FormatInt").Clone
	StringsContains    = jen.Qual("strings", "Contains").Clone
	HasPrefix          = jen.Qual("strings", "HasPrefix").Clone
	HasSuffix          = jen.Qual("strings", "HasSuffix").Clone
	ToLower            = jen.Qual("strings", "ToLower").Clone
	ToUpper            = jen.Qual("strings", "ToUpper").Clone
	TrimSpace          = jen.Qual("strings", "TrimSpace").Clone
	TestingT           = jen.Qual("testing", "T").Clone
	Time               = jen.Qual("time", "Time").Clone
	Date               = jen.Qual("time", "Date").Clone
	UTC                = jen.Qual("time", "UTC").Clone
	Duration           = jen.Qual("time", "Duration").Clone
	Hour               = jen.Qual("time", "Hour").Clone
	Minute             = jen.Qual("time", "Minute").Clone
	Second             = jen.Qual("time", "Second").Clone
	Millisecond        = jen.Qual("time", "Millisecond").Clone
	Microsecond        = jen.Qual("time", "Microsecond").Clone
	Nanosecond         = jen.Qual("time", "Nanosecond").Clone
	DateOnly           = jen.Qual("time", "DateOnly").Clone
	RFC3339Nano        = jen.Qual("time", "RFC3339Nano").Clone
	RuneCount          = jen.Qual("unicode/utf8", "RuneCountInString").Clone
)

// Libraries.
var (
	Secret       = jen.Qual(secret, "Text").Clone
	UUID         = jen.Qual(uuid, "UUID").Clone
	NilUUID      = jen.Qual(uuid, "Nil").Clone
	MustParse    = jen.Qual(uuid, "MustParse").Clone
	NewSHA1      = jen.Qual(uuid, "NewSHA1").Clone
	NameSpace    = jen.Qual(uuid, "NameSpaceOID").Clone
	Encoder      = jen.Qual(jx, "Encoder").Clone
	Decoder      = jen.Qual(jx, "Decoder").Clone
	DecodeBytes  = jen.Qual(jx, "DecodeBytes").Clone
	DecimalType  = jen.Qual(decimal, "Decimal").Clone
	NewFromInt   = jen.Qual(decimal, "NewFromInt").Clone
	RequireFrom  = jen.Qual(decimal, "RequireFromString").Clone
	Tx           = jen.Qual(pgx, "Tx").Clone
	PgError      = jen.Qual(pgconn, "PgError").Clone
	ErrNoRows    = jen.Qual(pgx, "ErrNoRows").Clone
	ErrGroup     = jen.Qual(group, "WithContext").Clone
	Money        = jen.Qual(money, "Money").Clone
	EventData    = jen.Qual(event, "Data").Clone
	Recorded     = jen.Qual(event, "Recorded").Clone
	Metadata     = jen.Qual(event, "Metadata").Clone
	Rule         = jen.Qual(problem, "Rule").Clone
	Refusal      = jen.Qual(problem, "Refusal").Clone
	Problem      = jen.Qual(problem, "Error").Clone
	NewProblem   = jen.Qual(problem, "New").Clone
	StoreTimer   = jen.Qual(store, "Timer").Clone
	StoreKey     = jen.Qual(store, "Key").Clone
	Validation   = jen.Qual(valid, "Errors").Clone
	CheckEnum    = jen.Qual(valid, "Enum").Clone
	CheckUnique  = jen.Qual(valid, "Unique").Clone
	PointerIndex = jen.Qual(valid, "Index").Clone
	PointerKey   = jen.Qual(valid, "Key").Clone
	Unbounded    = jen.Qual(valid, "Unbounded").Clone
)

// Codec is a function of the codec package, e.g. Codec("EncodeTime").
func Codec(name string) *jen.Statement { return jen.Qual(codec, name) }

// Command is a symbol of the command package.
func Command(name string) *jen.Statement { return jen.Qual(command, name) }

// Projection is a symbol of the projection package.
func Projection(name string) *jen.Statement { return jen.Qual(project, name) }

// Reaction is a symbol of the reaction package.
func Reaction(name string) *jen.Statement { return jen.Qual(react, name) }

// Timer is a symbol of the timer package.
func Timer(name string) *jen.Statement { return jen.Qual(timer, name) }

// GivenTest is a symbol of the package for given/when/then tests.
func GivenTest(name string) *jen.Statement { return jen.Qual(given, name) }

// Decimal is a function of the package for exact numbers.
func Decimal(name string) *jen.Statement { return jen.Qual(decimal, name) }
