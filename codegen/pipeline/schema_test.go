package pipeline_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/oksai/oksai/codegen/grammar"
)

// editor validates as an editor does that reads the schemas.
type editor struct{ platform, module *jsonschema.Schema }

func newEditor(t *testing.T) editor {
	t.Helper()
	return editor{compile(t, "platform.json", grammar.Platform), compile(t, "module.json", grammar.Module)}
}

func compile(t *testing.T, name string, root *grammar.Shape) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(grammar.Schema(root)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// judge says what an editor finds wrong in a spec; YAML that cannot be read is another matter.
func (e editor) judge(name string, source []byte) error {
	var document any
	if err := yaml.Unmarshal(source, &document); err != nil {
		return nil
	}
	if name == "platform.yaml" {
		return e.platform.Validate(document)
	}
	return e.module.Validate(document)
}

func TestRightSpecsPassTheSchema(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	for _, file := range corpus(t, "good", 20) {
		for _, f := range parse(t, file).Files {
			if err := e.judge(f.Name, f.Data); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(file), f.Name, err)
			}
		}
	}
	specs := os.DirFS("../../spec")
	files, err := fs.Glob(specs, "*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("the platform's own specs are not found: %v %v", files, err)
	}
	for _, name := range files {
		source, err := fs.ReadFile(specs, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.judge(name, source); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.HasPrefix(string(source), "# yaml-language-server: $schema=.schema/") {
			t.Errorf("%s does not begin with the line that tells editors of its schema", name)
		}
	}
}

// TestUnknownKeysFailTheSchema: what the loader does not know, editors mark.
func TestUnknownKeysFailTheSchema(t *testing.T) {
	t.Parallel()
	e := newEditor(t)
	marked := 0
	for _, file := range corpus(t, "bad", 60) {
		archive := parse(t, file)
		want := string(section(archive, "want"))
		if !strings.Contains(want, "[unknown-key]") && !strings.Contains(want, `" is not supported by this version`) {
			continue
		}
		if filepath.Base(file) == "emits-unknown-field.txtar" {
			continue // which fields an event has is the author's to say
		}
		failed := false
		for _, f := range archive.Files {
			failed = failed || f.Name != "want" && e.judge(f.Name, f.Data) != nil
		}
		if !failed {
			t.Errorf("%s passes the schema", filepath.Base(file))
		}
		marked++
	}
	if marked < 3 {
		t.Errorf("only %d bad specs have unknown keys", marked)
	}
}
