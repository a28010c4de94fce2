package syntax

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/grammar"
)

// Reader reads the keys of one mapping and remembers which were asked for, so
// that Done can report the others: what nobody reads is a mistake.
type Reader struct {
	Node  *Node
	shape *grammar.Shape
	asked []string
	diags *diag.List
}

// Read begins to read a mapping and reports required keys that it lacks. A node
// of another kind is reported and reads as empty; nil and null read as empty.
func Read(n *Node, shape *grammar.Shape, diags *diag.List) *Reader {
	r := &Reader{Node: n, shape: shape, diags: diags}
	switch {
	case n == nil:
		r.Node = &Node{Kind: Mapping}
		return r
	case n.Kind == Null:
		r.Node = &Node{Kind: Mapping, Pos: n.Pos}
	case n.Kind != Mapping:
		diags.Errorf(n.Pos, "wrong-shape", "%s is a mapping, not %s", shape.Name, n.Kind)
		r.Node = &Node{Kind: Mapping, Pos: n.Pos}
	}
	for _, k := range shape.Keys {
		if k.How == grammar.Required {
			r.Needs(k.Name)
		}
	}
	return r
}

// Needs reports keys that must be there.
func (r *Reader) Needs(keys ...string) {
	for _, key := range keys {
		if r.Node.Get(key) == nil {
			r.diags.Errorf(r.Node.Pos, "missing-key", "%q is missing", key)
		}
	}
}

// Knows reports whether the grammar has a key for what is read.
func (r *Reader) Knows(key string) bool { return r.shape.Key(key) != nil }

// Get returns the value of a key, or nil. The key must be in the grammar: what
// is read without being there would be missing in the editors' schema.
func (r *Reader) Get(key string) *Node {
	if k := r.shape.Key(key); (k == nil && r.shape.Names == nil) || (k != nil && k.How == grammar.NotBuilt) {
		panic(fmt.Sprintf("package grammar does not say that %s has a key %q", r.shape.Name, key))
	}
	r.asked = append(r.asked, key)
	return r.Node.Get(key)
}

// Entries returns the entries of a mapping below a key, in order.
func (r *Reader) Entries(key string) []Entry {
	n := r.Get(key)
	if n == nil || n.Kind == Null {
		return nil
	}
	if n.Kind != Mapping {
		r.diags.Errorf(n.Pos, "wrong-shape", "%q is a mapping, not %s", key, n.Kind)
		return nil
	}
	return n.Entries
}

// Items returns the items of a list below a key.
func (r *Reader) Items(key string) []*Node {
	n := r.Get(key)
	if n == nil || n.Kind == Null {
		return nil
	}
	if n.Kind != Sequence {
		r.diags.Errorf(n.Pos, "wrong-shape", "%q is a list, not %s", key, n.Kind).WithHint("write it between [ and ]")
		return nil
	}
	return n.Items
}

// Text returns the scalar below a key, or "".
func (r *Reader) Text(key string) string {
	n := r.Get(key)
	if n == nil || n.Kind == Null {
		return ""
	}
	if n.Kind != Scalar {
		r.diags.Errorf(n.Pos, "wrong-shape", "%q is a value, not %s", key, n.Kind)
		return ""
	}
	return n.Text
}

// Texts returns the scalars of a list below a key, with their nodes.
func (r *Reader) Texts(key string) []*Node {
	var texts []*Node
	for _, item := range r.Items(key) {
		if item.Kind != Scalar {
			r.diags.Errorf(item.Pos, "wrong-shape", "%q lists values, not %s", key, item.Kind)
			continue
		}
		texts = append(texts, item)
	}
	return texts
}

// Bool returns the truth value below a key; absent is false.
func (r *Reader) Bool(key string) bool {
	n := r.Get(key)
	if n == nil {
		return false
	}
	if n.Kind != Scalar || (n.Text != "true" && n.Text != "false") {
		r.diags.Errorf(n.Pos, "wrong-shape", "%q is true or false", key)
	}
	return n.Text == "true"
}

// Choice returns the word below a key, which must be one of those that the grammar names; absent is the first.
func (r *Reader) Choice(key string) string {
	text := r.Text(key)
	options := r.shape.Key(key).Value.Options
	if text == "" {
		return options[0]
	}
	for _, o := range options {
		if text == o {
			return text
		}
	}
	r.diags.Errorf(r.Node.Get(key).Pos, "unknown-choice", "%q is not a value of %q", text, key).Suggest(text, options)
	return options[0]
}

// Done reports every key that was not asked for.
func (r *Reader) Done() {
	for _, e := range r.Node.Entries {
		switch k := r.shape.Key(e.Key); {
		case k != nil && k.How == grammar.NotBuilt:
			r.diags.Errorf(e.Pos, "not-supported", "%q is not supported by this version", e.Key).WithHint("remove it; nothing is accepted and ignored")
		case !slices.Contains(r.asked, e.Key):
			r.diags.Errorf(e.Pos, "unknown-key", "%s has no key %q", r.shape.Name, e.Key).Suggest(e.Key, r.asked)
		}
	}
}

// Int returns the whole number below a key, or nil.
func (r *Reader) Int(key string) *int64 {
	text := r.Text(key)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.diags.Errorf(r.Node.Get(key).Pos, "wrong-shape", "%q is a whole number, not %q", key, text)
		return nil
	}
	return &n
}
