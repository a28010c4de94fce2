package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/oksai/oksai/codegen/emit/app"
	"github.com/oksai/oksai/codegen/emit/clickhouse"
	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/emit/server"
	"github.com/oksai/oksai/codegen/pipeline"
)

func main() {
	files, _ := filepath.Glob("testdata/good/*.txtar")
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txtar")
		a, _ := txtar.ParseFile(f)
		specs := fstest.MapFS{}
		var mods []string
		for _, x := range a.Files {
			specs[x.Name] = &fstest.MapFile{Data: x.Data}
			n, _, _ := strings.Cut(strings.TrimSuffix(x.Name, ".yaml"), "/")
			if n != "platform" && !strings.Contains(strings.Join(mods, " "), n) {
				mods = append(mods, n)
			}
		}
		if specs["platform.yaml"] == nil {
			specs["platform.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil, "platform: test\napps: {api: {port: 3000, modules: [%s]}}\nroles: [Member, PlatformAdmin]\n", strings.Join(mods, ", "))}
		}
		p, diags := pipeline.Check(specs, "spec")
		if diags.HasErrors() {
			panic(name)
		}
		key := strings.ReplaceAll(name, "-", "")
		for _, e := range []pipeline.Emitter{golang.New(golang.Root("good.test/"+key)), postgres.New(), clickhouse.New(), openapi.New(), server.New(), app.New()} {
			out, err := e.Emit(p)
			if err != nil {
				fmt.Println(name, e.Name(), err)
				continue
			}
			for path, b := range out {
				if e.Name() != "golang" && e.Name() != "openapi" {
					continue
				}
				full := "/tmp/engc/good/" + key + "/" + path
				os.MkdirAll(filepath.Dir(full), 0o755)
				os.WriteFile(full, b, 0o644)
			}
		}
	}
}
