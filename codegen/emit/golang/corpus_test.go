package golang_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/emit/fixture"
	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/emit/sqlcgen"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/load"
	"github.com/oksai/oksai/codegen/pipeline"
)

const (
	corpus = "../../testdata/good"
	tests  = "../../testdata/run" // what is run with some of its cases, beside their examples
)

// platform loads one case of the corpus.
func platform(t *testing.T, name string) *ir.Platform {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join(corpus, name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	specs := fstest.MapFS{}
	var modules []string
	for _, f := range archive.Files {
		specs[f.Name] = &fstest.MapFile{Data: f.Data}
		module, _, _ := strings.Cut(strings.TrimSuffix(f.Name, ".yaml"), "/")
		modules = append(modules, module)
	}
	if specs["platform.yaml"] == nil {
		specs["platform.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"platform: test\napps: {api: {port: 3000, modules: [%s]}}\nroles: [Member, PlatformAdmin]\n", strings.Join(slices.Compact(modules), ", "))}
	}
	p, diags := load.FS(specs, "spec")
	if diags.HasErrors() {
		var said strings.Builder
		_ = diag.Text(&said, diags, func(string) ([]byte, error) { return nil, fs.ErrNotExist })
		t.Fatalf("%s:\n%s", name, &said)
	}
	return p
}

func emit(t *testing.T, name, root string) map[string][]byte {
	t.Helper()
	emitted, err := golang.New().Emit(platform(t, name))
	if err != nil {
		t.Fatalf("emit %s: %v", name, err)
	}
	files, err := pipeline.Files(emitted).In(root)
	if err != nil {
		t.Fatalf("emit %s for %s: %v", name, root, err)
	}
	return files
}

// TestGolden shows one file of each kind as it is emitted.
func TestGolden(t *testing.T) {
	files := map[string][]byte{}
	for _, want := range []struct{ name, path string }{
		{"enums", "gen/plan/types.go"},
		{"structs", ""},
		{"constraints", "gen/person/person_commands.go"},
		{"minimal", "gen/note/note_codec.go"},
		{"minimal", "gen/note/note_state.go"},
		{"minimal", "gen/note/note_events.go"},
		{"minimal", "gen/note/note_aggregate.go"},
		{"minimal", "gen/note/repositories.go"},
		{"emissions", "gen/post/post_decide.go"},
		{"functions", "gen/calc/sum_decide.go"},
		{"optionals", "gen/stay/stay_decide.go"},
		{"optionals", "gen/stay/projection_stays.go"},
		{"handwritten", "gen/chess/rules.go"},
		{"handwritten", "gen/chess/game_aggregate.go"},
		{"handwritten", "gen/chess/game_examples_test.go"},
		{"identities", "gen/team/mailbox_commands.go"},
		{"identities", "gen/team/member_decide.go"},
		{"operations", "gen/account/operations.go"},
		{"limits", "gen/ticket/ticket_limits.go"},
		{"limits", "gen/ticket/agent_limits.go"},
		{"limits", "gen/ticket/ticket_facts.go"},
		{"limits", "gen/ticket/tickets.go"},
		{"projection-verbs", "gen/sale/projection_sales.go"},
		{"projection-verbs", "gen/sale/projection_regions.go"},
		{"projection-verbs", "gen/sale/derived.go"},
		{"handwritten-maps", "gen/race/projection_runners.go"},
		{"handwritten-maps", "gen/race/projections.go"},
		{"event-log", "gen/audit/projection_changes.go"},
		{"postgres", "gen/member/projection_people_by_email.go"},
		{"postgres", "gen/member/projection_name_counts.go"},
		{"postgres", "gen/member/projections.go"},
		{"timers", ""},
		{"reactions", ""},
	} {
		for path, content := range emit(t, want.name, "example.com/shop") {
			kind := filepath.Base(path)
			if path == want.path || want.path == "" && (kind == "reactions.go" || strings.HasSuffix(kind, "_timers.go") || kind == "types.go" || kind == "external.go") {
				files[want.name+"/"+path] = content
			}
		}
	}
	fixture.Golden(t, files)
}

// TestCorpusCompilesAndItsExamplesPass builds and vets what is emitted for the
// whole corpus, and runs the tests made of its examples, and those written for it, in a module of its own
// that uses this repository's runtime.
func TestCorpusCompilesAndItsExamplesPass(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(corpus, "*.txtar"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in %s: %v", corpus, err)
	}
	dir := t.TempDir()
	outsideModule(t, dir)
	for _, file := range cases {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		write(t, filepath.Join(dir, name), emit(t, name, "example.com/corpus/"+name))
		tables, err := sqlcgen.New().Emit(platform(t, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), tables)
		schema, err := postgres.New().Emit(platform(t, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), schema)
		write(t, filepath.Join(dir, name), testsOf(t, name))
	}
	command := exec.Command("go", "test", "-count=1", "./...")
	command.Dir = dir
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("go test over the corpus: %v\n%s", err, output)
	}
	if !strings.Contains(string(output), "ok  \t") {
		t.Fatalf("no example was run:\n%s", output)
	}
}

// testsOf are the tests that people wrote for a case, if any.
func testsOf(t *testing.T, name string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	archive, err := txtar.ParseFile(filepath.Join(tests, name+".txtar"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err == nil {
		for _, f := range archive.Files {
			files[f.Name] = f.Data
		}
	}
	return files
}

// outsideModule makes a module with the dependencies of the repository's own.
func outsideModule(t *testing.T, dir string) {
	t.Helper()
	repository, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	mod := strings.Replace(string(read("go.mod")), "module github.com/oksai/oksai", "module example.com/corpus", 1)
	mod += "\nrequire github.com/oksai/oksai v0.0.0\n\nreplace github.com/oksai/oksai => " + repository + "\n"
	write(t, dir, map[string][]byte{"go.mod": []byte(mod), "go.sum": read("go.sum")})
}

func write(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for path, content := range files {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwiceTheSame guards against output that depends on the order of a map.
func TestTwiceTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"projection-verbs", "limits", "enums", "functions"} {
		first, second := emit(t, name, "example.com/shop"), emit(t, name, "example.com/shop")
		for path, content := range first {
			if string(second[path]) != string(content) {
				t.Errorf("%s of %s differs from one run to the next", path, name)
			}
		}
	}
}
