package diag_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oksai/oksai/codegen/diag"
)

func sample() diag.List {
	var list diag.List
	list.Errorf(diag.Pos{File: "spec/job.yaml", Line: 2, Col: 3}, "unknown-type", "there is no type %q", "Tilte").Suggest("Tilte", []string{"Title", "Tag"})
	list.Warnf(diag.Pos{File: "spec/job.yaml", Line: 1, Col: 1}, "unused-event", "no command emits Lost").
		WithRelated(diag.Pos{File: "spec/a.yaml", Line: 9, Col: 2}, "declared here")
	list.Errorf(diag.Pos{File: "spec/job.yaml", Line: 2, Col: 3}, "unknown-type", "there is no type %q", "Tilte")
	return list
}

func TestTextShowsTheLine(t *testing.T) {
	t.Parallel()
	source := func(file string) ([]byte, error) {
		if file != "spec/job.yaml" {
			return nil, errors.New("no such file")
		}
		return []byte("module: job\na: Tilte\n"), nil
	}
	const want = `spec/job.yaml:1:1: warning: no command emits Lost [unused-event]
  | module: job
  | ^
  spec/a.yaml:9:2: declared here
spec/job.yaml:2:3: error: there is no type "Tilte" [unknown-type]
  | a: Tilte
  |   ^
  hint: did you mean "Title"?
`
	var got bytes.Buffer
	if err := diag.Text(&got, sample(), source); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestCIKeepsOneLinePerDiagnostic(t *testing.T) {
	t.Parallel()
	var list diag.List
	list.Errorf(diag.Pos{File: "spec/job.yaml", Line: 2, Col: 3}, "bad-yaml", "100%%\nwrong")
	var got bytes.Buffer
	if err := diag.CI(&got, list); err != nil {
		t.Fatal(err)
	}
	want := "::error file=spec/job.yaml,line=2,col=3,title=bad-yaml::100%25%0Awrong\n"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestJSONOfNothingIsAnEmptyArray(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	if err := diag.JSON(&got, nil); err != nil {
		t.Fatal(err)
	}
	if got.String() != "[]\n" {
		t.Errorf("got %q", got.String())
	}
}

func TestHasErrorsIgnoresWarnings(t *testing.T) {
	t.Parallel()
	var list diag.List
	list.Warnf(diag.Pos{}, "unused-event", "x")
	if list.HasErrors() {
		t.Error("a warning stops the generation")
	}
	if !sample().HasErrors() {
		t.Error("an error does not stop the generation")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"titel": "title", "TITLE": "title", "stat": "state", "price": "", "x": ""} {
		got, _ := diag.Nearest(name, []string{"title", "state", "priority"})
		if got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
