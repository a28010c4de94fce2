package ir

// Expr is a type-checked expression. It is a small closed tree, so that each
// target can print it without knowing CEL.
type Expr struct {
	Op   Op
	Type Type
	// Value is a literal's: string, int64, bool, or nil; enum values, uuids, timestamps
	// (RFC 3339) and durations (Go syntax) are strings whose Type says what they are.
	Value any
	// Path is a variable's: a root (state, command, event, row, facts, context, now, external) and the
	// fields below it, e.g. ["state", "status"].
	Path []string
	// Fn names a call's function, see Functions in package expr; or, when Args[0] is an
	// enum that has it, an attribute of its values.
	Fn     string
	Args   []*Expr
	Source string // as written; only on the root
	Pos    Pos    `json:"-"`
}

// Op is what an expression node does.
type Op string

// Operators: Literal, Variable (Path), ListOf (Args), Has (Args[0] is a Variable of
// optional type), Call (Fn, Args), StructOf (one Arg per field of Type.Def, in its order,
// an absent optional being a nil literal; of Money: amount, currency). Eq … Cond take
// Args; Cond is a ? b : c.
const (
	Literal  Op = "literal"
	Variable Op = "variable"
	ListOf   Op = "list"
	StructOf Op = "struct"
	Has      Op = "has"
	Call     Op = "call"
	Eq       Op = "=="
	Ne       Op = "!="
	Lt       Op = "<"
	Le       Op = "<="
	Gt       Op = ">"
	Ge       Op = ">="
	And      Op = "&&"
	Or       Op = "||"
	Not      Op = "!"
	In       Op = "in"
	Add      Op = "+"
	Sub      Op = "-"
	Mul      Op = "*"
	Div      Op = "/"
	Mod      Op = "%"
	Neg      Op = "neg"
	Cond     Op = "?:"
)
