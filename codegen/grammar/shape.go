// Package grammar says which keys the language has, where they stand, and what
// may stand below them. The loader can read no key that is not here, and the
// schema for editors is printed from the same tables, so the two cannot differ.
package grammar

import "slices"

// Shape is a kind of mapping.
type Shape struct {
	Name string // as in "a command has no key …"
	Keys []Key
	// Names is what stands below the names that authors choose here; nil where only Keys may stand.
	Names *Value
}

// Key is a key of a mapping.
type Key struct {
	Name  string
	Value Value
	Doc   string
	How   Standing
}

// Standing says whether a key must or cannot be there; the zero value is that it may.
type Standing int

// A required key must be there. One that is not built is part of the language,
// and an error in this version: nothing is accepted and ignored.
const (
	_ Standing = iota
	Required
	NotBuilt
)

// Value is what may stand below a key: a scalar of some form, or what it is made of.
type Value struct {
	Kind    Kind
	Options []string // OneOf: the words; the first is the default
	Of      []Value  // List and Names: one; Either: all
	Shape   *Shape   // Mapping
}

// Kind is the form of a value.
type Kind int

// The kinds of values.
const (
	Text    Kind = iota // any scalar
	Bool                // true or false
	Int                 // a whole number
	OneOf               // one of a few words
	Literal             // anything: a value of whatever type is asked for, or =expression
	List                // [a, b]
	Names               // a mapping from names that authors choose
	Mapping             // a mapping with keys of the language
	SetOf               // {T}, which YAML reads as a mapping from T to nothing
	Either              // one of several forms
)

// Key returns the key of that name, or nil.
func (s *Shape) Key(name string) *Key {
	if i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.Name == name }); i >= 0 {
		return &s.Keys[i]
	}
	return nil
}

// Called returns the shape under a name that tells more about the place.
func (s *Shape) Called(name string) *Shape {
	named := *s
	named.Name = name
	return &named
}

var (
	text    = Value{Kind: Text}
	boolean = Value{Kind: Bool}
	number  = Value{Kind: Int}
	literal = Value{Kind: Literal}
	names   = list(text)
	values  = byName(literal) // field: value
)

func oneOf(words ...string) Value { return Value{Kind: OneOf, Options: words} }
func list(of Value) Value         { return Value{Kind: List, Of: []Value{of}} }
func byName(of Value) Value       { return Value{Kind: Names, Of: []Value{of}} }
func either(forms ...Value) Value { return Value{Kind: Either, Of: forms} }
func shape(s *Shape) Value        { return Value{Kind: Mapping, Shape: s} }
func named(s *Shape) Value        { return byName(shape(s)) }
