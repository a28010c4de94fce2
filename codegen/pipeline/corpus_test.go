package pipeline_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/pipeline"
)

var update = flag.Bool("update", false, "write what the specs in testdata/bad get said")

// dir is what the corpus calls the folder of its specs.
const dir = "spec"

// TestBad compares what each wrong spec gets said with the `want` beside it.
func TestBad(t *testing.T) {
	t.Parallel()
	for _, file := range corpus(t, "bad", 60) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive := parse(t, file)
			specs := specsOf(archive)
			_, diags := pipeline.Check(specs, dir)
			got := said(t, specs, diags)
			if *update {
				write(t, file, archive, got)
				return
			}
			if diff := cmp.Diff(string(section(archive, "want")), got); diff != "" {
				t.Errorf("what is said changed (-want +got; -update accepts it):\n%s", diff)
			}
			if len(diags) == 0 {
				t.Error("nothing is said about a wrong spec")
			}
		})
	}
}

// TestGood loads and checks each right spec.
func TestGood(t *testing.T) {
	t.Parallel()
	for _, file := range corpus(t, "good", 20) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			specs := specsOf(parse(t, file))
			if _, diags := pipeline.Check(specs, dir); len(diags) > 0 {
				t.Errorf("a right spec is called wrong:\n%s", said(t, specs, diags))
			}
		})
	}
}

func corpus(t *testing.T, kind string, least int) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/" + kind + "/*.txtar")
	if err != nil || len(files) < least {
		t.Fatalf("the corpus of %s specs has %d cases, want at least %d (%v)", kind, len(files), least, err)
	}
	return files
}

func parse(t *testing.T, file string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// specsOf makes a file system of an archive's specs; a platform with all modules is added where there is none.
func specsOf(a *txtar.Archive) fs.FS {
	specs := fstest.MapFS{}
	var modules []string
	for _, f := range a.Files {
		if f.Name == "want" {
			continue
		}
		specs[f.Name] = &fstest.MapFile{Data: f.Data}
		if name, _, isDir := strings.Cut(strings.TrimSuffix(f.Name, ".yaml"), "/"); name != "platform" && (!isDir || !strings.Contains(strings.Join(modules, " "), name)) {
			modules = append(modules, name)
		}
	}
	if specs["platform.yaml"] == nil {
		specs["platform.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"platform: test\napps: {api: {port: 3000, modules: [%s]}}\nroles: [Member, PlatformAdmin]\n", strings.Join(modules, ", "))}
	}
	return specs
}

// said is what a person would read.
func said(t *testing.T, specs fs.FS, diags diag.List) string {
	t.Helper()
	var out bytes.Buffer
	source := func(file string) ([]byte, error) { return fs.ReadFile(specs, strings.TrimPrefix(file, dir+"/")) }
	if err := diag.Text(&out, diags, source); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func section(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func write(t *testing.T, file string, a *txtar.Archive, want string) {
	t.Helper()
	kept := &txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		if f.Name != "want" {
			kept.Files = append(kept.Files, f)
		}
	}
	kept.Files = append(kept.Files, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(file, txtar.Format(kept), 0o644); err != nil {
		t.Fatal(err)
	}
}
