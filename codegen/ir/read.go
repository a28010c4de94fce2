package ir

// Store says where a projection's rows are.
type Store string

// The stores.
const (
	ClickHouse Store = "clickhouse"
	Postgres   Store = "postgres"
)

// Projection is a read model: rows folded from events.
type Projection struct {
	Module     string
	Name       string // snake_case; the table's name
	Doc        string
	Store      Store
	Inline     bool         // Postgres: in the append's own transaction
	EventLog   bool         // kind: event_log; Of then names the aggregates, and the columns are those of every log
	Of         []*Aggregate `json:"-"`
	Key        []*Field     // typed; a name like job_id stands for the stream's id
	Unique     [][]string   // Postgres: sets of columns that are unique (per tenant unless scope platform)
	UniqueCode string       // error code of a violation, default <NAME>_TAKEN
	Columns    []*Field     // without the key
	OrderBy    []string     // of lists that say no sort; contains the key
	Search     []string     // token-searched columns
	TTLDays    int64        // 0: never
	TTLColumn  string
	Platform   bool  // scope: platform, rows of all tenants are readable by PlatformAdmin
	Version    int64 // of what handwritten maps do; 1 unless said
	Handlers   []*Handler
	Pos        Pos `json:"-"`
}

// Column returns the key or column of that name, or nil.
func (p *Projection) Column(name string) *Field {
	if key := FieldNamed(p.Key, name); key != nil {
		return key
	}
	return FieldNamed(p.Columns, name)
}

// Handler says what one event does to a projection's row.
type Handler struct {
	Aggregate *Aggregate    `json:"-"`
	Event     *Event        `json:"-"`
	Key       []*Assignment // one per key column
	When      *Expr         // over event and row; nil: always
	Steps     []*Step
	Delete    bool
	// Handwritten leaves the change to a method of the rules; there are no steps then.
	Handwritten bool
	Pos         Pos `json:"-"`
}

// Step changes one column.
type Step struct {
	Verb   string // set, add, append, remove, min, max
	Column string
	Value  *Expr // over event, row
	Pos    Pos   `json:"-"`
}

// QueryKind is what a query answers with.
type QueryKind string

// The kinds of queries.
const (
	Get        QueryKind = "get"       // one aggregate's state, strongly consistent
	ListRows   QueryKind = "list"      // a page of a projection's rows
	Find       QueryKind = "find"      // one row of a projection by its key or a unique set
	Aggregated QueryKind = "aggregate" // measures over a projection, optionally grouped
	AsOf       QueryKind = "as_of"     // one aggregate's state at a version or time
	History    QueryKind = "history"   // one aggregate's events
)

// Query is a read operation.
type Query struct {
	Name       string
	Doc        string
	Kind       QueryKind
	Aggregate  *Aggregate  `json:"-"` // Get, AsOf, History
	Projection *Projection `json:"-"` // the others
	By         []string    // Find
	Filters    []*Filter
	Sorts      []Sort
	PageSize   int64
	PageMax    int64
	Measures   []*Measure
	GroupBy    []string
	Derive     []*Derived
	Allow      []string
	Platform   bool // reads across tenants; PlatformAdmin only
	HTTP       Route
	Pos        Pos `json:"-"`
}

// Filter is a condition a caller may put on a column: eq, in, range, any, search.
type Filter struct {
	Column *Field
	Ops    []string
	Pos    Pos `json:"-"`
}

// Sort is an order a caller may ask for; the first one is the default.
type Sort struct {
	Column string
	Desc   bool
}

// Measure is an aggregated number: count, sum, avg, min, max, optionally over the rows where If holds.
type Measure struct {
	Name string
	Fn   string
	Of   *Expr // over row; nil for count
	If   *Expr
	Type Type
	Pos  Pos `json:"-"`
}

// Derived is a value computed from a row's columns when it is read; division by zero gives null.
type Derived struct {
	Name  string
	Value *Expr
	Type  Type
	Pos   Pos `json:"-"`
}

// ExternalEvent is an event of another service that reactions may follow.
type ExternalEvent struct {
	Name   string // e.g. "job.assigned", the CloudEvents type
	Doc    string
	Topic  string
	Fields []*Field
	Pos    Pos `json:"-"`
}

// Reaction turns an event into a command.
type Reaction struct {
	Name     string
	Doc      string
	Source   *Aggregate     `json:"-"` // of Event; nil for External
	Event    *Event         `json:"-"`
	External *ExternalEvent `json:"-"`
	When     *Expr
	Target   *Aggregate `json:"-"`
	Command  *Command   `json:"-"`
	ID       *Expr      // nil for a creating command: a deterministic id is derived from the event
	By       *Expr      // instead of ID: a text that the id is derived from
	With     []*Assignment
	Pos      Pos `json:"-"`
}
