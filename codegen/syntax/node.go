// Package syntax reads YAML into nodes that know where they stand. It knows
// nothing of the language but that specs are made of mappings, sequences and
// scalars; anchors, tags and merge keys are not part of it.
package syntax

import "github.com/oksai/oksai/codegen/diag"

// Kind is the shape of a node.
type Kind int

// The kinds. Null is an absent value, written null, ~ or nothing.
const (
	Scalar Kind = iota
	Mapping
	Sequence
	Null
)

func (k Kind) String() string {
	return [...]string{"a value", "a mapping", "a list", "nothing"}[k]
}

// Node is a value in a spec.
type Node struct {
	Kind    Kind
	Pos     diag.Pos
	Text    string   // a scalar as written, without its quotes
	TextPos diag.Pos // where Text begins: behind a quote
	Quoted  bool
	Entries []Entry // of a mapping, in the order of the file
	Items   []*Node // of a sequence
}

// Entry is a key of a mapping and its value.
type Entry struct {
	Key   string
	Pos   diag.Pos // of the key
	Value *Node
}

// Add puts an entry into the mapping below a key, which is made if it is missing.
func (n *Node) Add(key string, e Entry) {
	section := n.Get(key)
	if section == nil {
		section = &Node{Kind: Mapping, Pos: e.Pos}
		n.Entries = append(n.Entries, Entry{Key: key, Pos: e.Pos, Value: section})
	}
	section.Entries = append(section.Entries, e)
}

// Get returns a mapping's value of that key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}
