package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/emit/ogen"
	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/emit/server"
	"github.com/oksai/oksai/codegen/emit/sqlcgen"
	"github.com/oksai/oksai/codegen/pipeline"
)

const repository = "../../.."

// TestGeneratedServers compiles what is emitted for a spec of the corpus, and
// runs the tests of testdata/server/<spec>.txtar in it. The files lie over the
// repository without being in it.
func TestGeneratedServers(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"identities", "maps", "operations", "postgres-lists"} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			files := generate(t, spec)
			for _, f := range parse(t, "../../testdata/server/"+spec+".txtar").Files {
				files[f.Name] = f.Data
			}
			// Only compiled by the go command: it would vet and run where there is no folder.
			tests := filepath.Join(t.TempDir(), "server.test")
			compile := exec.Command("go", "test", "-vet=off", "-c", "-o", tests, "-overlay", overlay(t, files), "./gen/"+module(files)+"/server")
			compile.Dir = repository
			if output, err := compile.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if output, err := exec.Command(tests).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
		})
	}
}

func generate(t *testing.T, spec string) pipeline.Files {
	t.Helper()
	specs := fstest.MapFS{}
	for _, f := range parse(t, "../../testdata/good/"+spec+".txtar").Files {
		specs[f.Name] = &fstest.MapFile{Data: f.Data}
		specs["platform.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"platform: test\napps: {api: {port: 3000, modules: [%s]}}\nroles: [Member, PlatformAdmin]\n", strings.TrimSuffix(f.Name, ".yaml"))}
	}
	emitters := []pipeline.Emitter{golang.New(), postgres.New(), sqlcgen.New(), openapi.New(), ogen.New(), server.New()}
	files, diags, err := pipeline.Run(t.Context(), specs, pipeline.Config{Dir: "spec", Emitters: emitters})
	if err != nil || diags.HasErrors() {
		t.Fatalf("%v %v", err, diags)
	}
	return files
}

// overlay writes the files and tells the go command where they would be.
func overlay(t *testing.T, files pipeline.Files) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for path, content := range files {
		at := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(at, content, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, path)] = at
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(at, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// module is the name of the one module.
func module(files pipeline.Files) string {
	for path := range files {
		if name, ok := strings.CutSuffix(path, "/server/module.go"); ok {
			return strings.TrimPrefix(name, "gen/")
		}
	}
	return ""
}

func parse(t *testing.T, file string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}
