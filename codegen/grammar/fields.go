package grammar

import "slices"

// The keys of types and fields. What callers say is brought into form and
// checked; what is kept has its bounds stated; what events say has happened and
// is neither.
var (
	typed = []Key{
		{"type", typeName, "The type.", 0},
		{"enum", enum, "The values of an enum that is declared in place, in their order.", 0},
		{"doc", text, "What it says.", 0},
	}
	constants = []Key{{"attributes", attributes, "Constants that the enum's values carry.", 0}}
	formed    = []Key{
		{"trim", boolean, "Space around a text is removed first.", 0},
		{"lower", boolean, "A text is brought to lower case first.", 0},
	}
	bounded = []Key{
		{"min_length", number, "The fewest characters of a text.", 0},
		{"max_length", number, "The most characters of a text.", 0},
		{"pattern", text, "A regular expression (RE2) that a text matches.", 0},
		{"min", text, "The least int or duration.", 0},
		{"max", text, "The greatest int or duration.", 0},
		{"min_items", number, "The fewest items of a collection.", 0},
		{"max_items", number, "The most items of a collection.", 0},
		{"unique", boolean, "No item of a list stands twice.", 0},
	}
	otherwise = []Key{{"default", literal, "The value where none is given.", 0}}
	personal  = []Key{{"pii", boolean, "It tells about a person; logs hide it.", 0}}
	hidden    = []Key{{"secret", boolean, "A password or token: Go gets a type that shows it to nobody.", 0}}
	renamed   = []Key{{"was", text, "The name under which it is stored already.", 0}}
)

// typeName is a type in its short form: T, T?, [T], {T}, "map[K]V", ref X, "decimal(p,s)".
var typeName = either(text, list(text), Value{Kind: SetOf})

// enum is a list of names, or names with their attributes.
var enum = either(names, named(EnumValue))

// The fields of what an author declares, in their long form.
var (
	Part          = &Shape{Name: "a field of a struct", Keys: slices.Concat(typed, formed, bounded, otherwise, personal, renamed)}
	StateField    = &Shape{Name: "a field of a state", Keys: slices.Concat(typed, constants, bounded, otherwise, personal, renamed)}
	Input         = &Shape{Name: "an input", Keys: slices.Concat(typed, formed, bounded, otherwise, personal)}
	EventField    = &Shape{Name: "a field of an event", Keys: slices.Concat(typed, otherwise, personal, renamed)}
	ExternalField = &Shape{Name: "a field of an external event", Keys: slices.Concat(typed, otherwise, personal)}
	Column        = &Shape{Name: "a column", Keys: slices.Concat(typed, personal)}
	Asked         = &Shape{Name: "an input of an operation", Keys: slices.Concat(typed, formed, bounded, otherwise, personal, hidden)}
	Answered      = &Shape{Name: "an output", Keys: slices.Concat(typed, personal, hidden)}
	Remembered    = &Shape{Name: "a field of a process", Keys: slices.Concat(typed, personal)}
	Attribute     = &Shape{Name: "an attribute", Keys: []Key{
		{"type", typeName, "The type.", 0},
		{"doc", text, "What it says.", 0},
	}}
)

// Type is a declared type in its long form.
var Type = &Shape{Name: "a type", Keys: slices.Concat(typed, constants, formed, bounded, personal, []Key{
	{"fields", fieldsOf(Part), "The fields of a struct.", 0},
})}

// Fields are values for the fields of something, by their names.
var Fields = &Shape{Name: "fields", Names: &literal}

// EnumValue is a value of an enum, with its attributes.
var EnumValue = &Shape{Name: "a value", Names: &literal, Keys: []Key{
	{"doc", text, "What it means.", 0},
}}

var (
	typeValue  = either(text, list(text), Value{Kind: SetOf}, shape(Type))
	attributes = fieldsOf(Attribute)
)

// fieldsOf are fields, each in its short or its long form.
func fieldsOf(long *Shape) Value {
	return byName(either(text, list(text), Value{Kind: SetOf}, shape(long)))
}
