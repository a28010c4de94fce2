package ir

// Kind is the shape of a value.
type Kind string

// The kinds. String has at most 10 000 characters unless constrained, Text has
// no index and no default bound but the body's; Int is 64 bits; Timestamp is
// UTC with microseconds; Decimal is exact; Money is integer minor units with an
// ISO 4217 currency; Ref is the typed id of an aggregate.
const (
	String    Kind = "string"
	Text      Kind = "text"
	Bool      Kind = "bool"
	Int       Kind = "int"
	Decimal   Kind = "decimal"
	Money     Kind = "money"
	UUID      Kind = "uuid"
	Timestamp Kind = "timestamp"
	Date      Kind = "date"
	Duration  Kind = "duration"
	Email     Kind = "email"
	URL       Kind = "url"
	JSON      Kind = "json"
	Enum      Kind = "enum"
	Struct    Kind = "struct"
	List      Kind = "list"
	Set       Kind = "set"
	Map       Kind = "map"
	Ref       Kind = "ref"
)

// Type is the type of a field, an argument or an expression.
type Type struct {
	Kind     Kind
	Optional bool     // may be absent
	Def      *TypeDef // the declared type it is, if it has a name; always set for Enum and Struct
	Elem     *Type    // List, Set, Map
	Key      *Type    // Map; String or Enum
	// Module and Aggregate name what a Ref refers to.
	Module, Aggregate string
	Precision, Scale  int // Decimal
	Limits            Constraints
	PII               bool
	Secret            bool // String, Text: shown to nobody
}

// Constraints restrict a type's values. Zero values do not constrain.
type Constraints struct {
	Trim, Lower          bool // applied before the checks
	MinLength, MaxLength *int64
	Min, Max             *int64 // Int; Duration in seconds
	MinItems, MaxItems   *int64
	Unique               bool // List
	Pattern              string
}

// TypeDef is a named type. Enums written inline in a field are named after
// where they stand: aggregate + field, e.g. JobStatus.
type TypeDef struct {
	Module string
	Name   string // PascalCase, unique in the module
	Doc    string
	Type   Type // of a named scalar: its kind and limits; of an enum or struct: the kind
	Values []EnumValue
	Fields []*Field // Struct
	// Attributes are the constants that every enum value carries, e.g. a plan's limits.
	Attributes []*Field
	Inline     bool
	Pos        Pos `json:"-"`
}

// EnumValue is one value of an enum. Order is meaning: rank() counts from 0.
type EnumValue struct {
	Name       string
	Doc        string
	Attributes map[string]*Expr // literals; absent optional ones are missing
	Pos        Pos              `json:"-"`
}

// Field is a named value of a state, command, event, struct or row.
type Field struct {
	Name    string // snake_case
	Doc     string
	Type    Type
	Default *Expr // literal or context-free expression; nil if none
	Was     string
	PII     bool
	Pos     Pos `json:"-"`
}

// FieldNamed returns the field of that name, or nil.
func FieldNamed(fields []*Field, name string) *Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// FieldNames are the fields' names, in order.
func FieldNames(fields []*Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}
