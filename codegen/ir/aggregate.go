package ir

import "cmp"

// Scope says in which tenant an aggregate's streams live.
type Scope string

// The scopes: in the caller's tenant; in none; or the aggregate is itself a tenant.
const (
	ScopeTenant   Scope = "tenant"
	ScopePlatform Scope = "platform"
	ScopeSelf     Scope = "self"
)

// Aggregate is a consistency boundary: one stream of events, folded to a state.
type Aggregate struct {
	Module        string
	Name          string // PascalCase
	Doc           string
	Plural        string // kebab-case path segment, e.g. "jobs"
	Scope         Scope
	SnapshotEvery int64
	State         []*Field
	Commands      []*Command
	Events        []*Event
	Invariants    []*Requirement
	Limits        []*Limit
	Timers        []*Timer
	Examples      []*Example
	Process       bool   // it was made of a process: its events carry all of its state
	Was           string // the name it had first, under which its streams are stored; empty if it was never renamed
	Pos           Pos    `json:"-"`
}

// Stored is the name by which streams say what they are of; a rename does not change it.
func (a *Aggregate) Stored() string { return cmp.Or(a.Was, a.Name) }

// Event returns the aggregate's event of that name, or nil.
func (a *Aggregate) Event(name string) *Event {
	for _, e := range a.Events {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Command returns the aggregate's command of that name, or nil.
func (a *Aggregate) Command(name string) *Command {
	for _, c := range a.Commands {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Facts are what its commands and limits load of others.
func (a *Aggregate) Facts() []*Fact {
	var all []*Fact
	for _, c := range a.Commands {
		all = append(all, c.Facts...)
	}
	for _, l := range a.Limits {
		all = append(all, l.Facts...)
	}
	return all
}

// Command is a request to change one aggregate.
type Command struct {
	Name        string
	Doc         string
	Creates     bool
	IfAbsent    bool  // with Creates: acts on the one that is there, if there is one
	ID          *Expr // over command, context: the id of what it begins; nil for a new one
	By          *Expr // instead of ID: a text that the id is derived from
	Input       []*Field
	Allow       []string // roles; empty: nobody over HTTP, only reactions and timers
	Facts       []*Fact
	Require     []*Requirement
	UnchangedIf *Expr // over state, command, facts, context
	Emits       []*Emission
	Handwritten bool // rule: handwritten; Emits is then empty
	HTTP        Route
	IfMatch     bool // http.if_match: required
	Pos         Pos  `json:"-"`
}

// Identified reports whether the command itself tells the id of what it begins.
func (c *Command) Identified() bool { return c.ID != nil || c.By != nil }

// Route is where an operation is found.
type Route struct {
	Method string
	Path   string // e.g. "/jobs/{id}/start"
}

// Fact is a value that is loaded before a pure rule runs: a path into another
// aggregate's state. An optional one is absent where there is no such aggregate.
type Fact struct {
	Name      string
	Aggregate *Aggregate `json:"-"`
	ID        *Expr      // over command, context, state
	Path      []string   // below that aggregate's state; empty is not allowed
	Optional  bool
	Type      Type
	Pos       Pos `json:"-"`
}

// Refusal is what callers are told where something may not be.
type Refusal struct {
	Code    string // UPPER_SNAKE
	Status  int    // of HTTP
	Message string
}

// Requirement is a condition with the error that its failure is.
type Requirement struct {
	If *Expr
	Refusal
	Pos Pos `json:"-"`
}

// Emission is an event that a declarative command writes, and where each of its fields comes from.
type Emission struct {
	Event  *Event `json:"-"`
	When   *Expr  // nil: always
	Fields []*Assignment
	Pos    Pos `json:"-"`
}

// Assignment gives a field its value.
type Assignment struct {
	Field string
	Value *Expr
	Pos   Pos `json:"-"`
}

// Event is a fact about an aggregate.
type Event struct {
	Name        string
	Doc         string
	Version     int // schema version, first is 1
	Publish     bool
	Fields      []*Field
	Sets        []*Assignment // state fields: those of the same name, then what `sets` says; in state order
	Handwritten bool          // apply: handwritten
	Was         string        // as of an aggregate
	Pos         Pos           `json:"-"`
}

// Stored is the name under which the event is stored and published; a rename does not change it.
func (e *Event) Stored() string { return cmp.Or(e.Was, e.Name) }

// Limit holds across streams: how many aggregates there are per scope for which Counts is true.
type Limit struct {
	Name   string
	Counts *Expr    // over state
	Per    []string // "tenant" is always the first; further state fields may follow
	Bound  *Expr    // over facts, context; a negative value or an absent optional is no limit
	Least  bool     // the bound is the fewest that counting down may leave (`min`); else the most there may be (`max`)
	Facts  []*Fact
	Refusal
	Pos Pos `json:"-"`
}

// Timer runs a command at a time that the state names, while a condition holds.
type Timer struct {
	Name    string
	At      *Expr    // timestamp over state
	While   *Expr    // over state
	Command *Command `json:"-"`
	With    []*Assignment
	// Handwritten says that people find out the command's input.
	Handwritten bool `json:",omitempty"`
	Pos         Pos  `json:"-"`
}

// Example is a given / when / then case; it is a test and documentation.
type Example struct {
	Name    string
	Given   []ExampleEvent
	Command *Command `json:"-"`
	Input   []*Assignment
	Then    []ExampleEvent // empty with an empty Error: unchanged
	Error   string
	Pos     Pos `json:"-"`
}

// ExampleEvent is an event with the fields that matter to an example.
type ExampleEvent struct {
	Event  *Event `json:"-"`
	Fields []*Assignment
}
