package syntax_test

import (
	"testing"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/syntax"
)

func parse(t *testing.T, source string) (*syntax.Node, diag.List) {
	t.Helper()
	var diags diag.List
	return syntax.Parse("a.yaml", []byte(source), &diags), diags
}

func TestPositionsOfKeysAndValues(t *testing.T) {
	t.Parallel()
	root, diags := parse(t, "a: 1\nb:\n  - {c: \"=x\", d: y z}\n  - e\n")
	if len(diags) > 0 {
		t.Fatal(diags[0].Message)
	}
	flow := root.Get("b").Items[0]
	for _, c := range []struct {
		what      string
		got       diag.Pos
		line, col int
	}{
		{"key a", root.Entries[0].Pos, 1, 1},
		{"value of a", root.Get("a").Pos, 1, 4},
		{"flow mapping", flow.Pos, 3, 5},
		{"key c", flow.Entries[0].Pos, 3, 6},
		{"quoted value", flow.Get("c").Pos, 3, 9},
		{"text in quotes", flow.Get("c").TextPos, 3, 10},
		{"plain value", flow.Get("d").TextPos, 3, 18},
		{"item", root.Get("b").Items[1].Pos, 4, 5},
	} {
		if c.got.Line != c.line || c.got.Col != c.col {
			t.Errorf("%s is at %s, want %d:%d", c.what, c.got, c.line, c.col)
		}
	}
	if text := flow.Get("d").Text; text != "y z" {
		t.Errorf("the plain value is %q", text)
	}
}

func TestDuplicateKeyPointsAtBoth(t *testing.T) {
	t.Parallel()
	_, diags := parse(t, "a: 1\nb: 2\na: 3\n")
	if len(diags) != 1 || diags[0].Pos.Line != 3 || diags[0].Related[0].Pos.Line != 1 {
		t.Fatalf("got %+v", diags)
	}
}

var thing = &grammar.Shape{Name: "a thing", Keys: []grammar.Key{
	{Name: "name"}, {Name: "count"}, {Name: "number"}, {Name: "truth"}, {Name: "list"}, {Name: "mapping"}, {Name: "text"},
	{Name: "choice", Value: grammar.Value{Options: []string{"a", "b"}}}, {Name: "later", How: grammar.NotBuilt},
}}

func TestReaderReportsWhatNobodyRead(t *testing.T) {
	t.Parallel()
	root, _ := parse(t, "name: x\ncuont: 3\n")
	var diags diag.List
	r := syntax.Read(root, thing, &diags)
	if r.Text("name") != "x" || r.Int("count") != nil {
		t.Error("the keys are not read")
	}
	r.Done()
	if len(diags) != 1 || diags[0].Code != "unknown-key" || diags[0].Hint != `did you mean "count"?` {
		t.Fatalf("got %+v", diags)
	}
}

func TestReaderReportsWrongShapes(t *testing.T) {
	t.Parallel()
	root, _ := parse(t, "number: many\ntruth: perhaps\nlist: {}\nmapping: []\ntext: []\nchoice: c\n")
	var diags diag.List
	r := syntax.Read(root, thing, &diags)
	r.Int("number")
	r.Bool("truth")
	r.Items("list")
	r.Entries("mapping")
	r.Text("text")
	if got := r.Choice("choice"); got != "a" {
		t.Errorf("a wrong choice reads as %q", got)
	}
	r.Done()
	if len(diags) != 6 {
		t.Errorf("%d of 6 wrong shapes are reported", len(diags))
	}
}

func TestReaderReportsWhatIsNotThereOrNotBuilt(t *testing.T) {
	t.Parallel()
	root, _ := parse(t, "later: 1\n")
	var diags diag.List
	shape := &grammar.Shape{Name: "a thing", Keys: append([]grammar.Key{{Name: "must", How: grammar.Required}}, thing.Keys...)}
	syntax.Read(root, shape, &diags).Done()
	if len(diags) != 2 || diags[0].Code != "missing-key" || diags[1].Code != "not-supported" {
		t.Fatalf("got %+v", diags)
	}
}

// TestReaderKnowsOnlyTheGrammar: a key that the loader reads is in the editors' schema.
func TestReaderKnowsOnlyTheGrammar(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a key that is not in the grammar can be read")
		}
	}()
	root, _ := parse(t, "name: x\n")
	syntax.Read(root, thing, new(diag.List)).Text("nmae")
}
