package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"oksai": func() { os.Exit(run(context.Background(), os.Args[1:])) }})
}

// TestScripts runs the tool as an author does.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}

// TestForeignModule generates with all targets into a module that is not ours, which compiles.
func TestForeignModule(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/foreign", Setup: func(env *testscript.Env) error {
		for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOTOOLCHAIN", "GOSUMDB"} {
			value, err := exec.Command("go", "env", name).Output()
			if err != nil {
				return err
			}
			env.Setenv(name, strings.TrimSpace(string(value)))
		}
		origin, err := os.Getwd() // in the repository, of whose tools sqlc is one
		if err != nil {
			return err
		}
		env.Setenv("ORIGIN", origin)
		return dependencies(env.WorkDir)
	}})
}

// dependencies gives a module that uses the runtime the very versions that the runtime uses.
func dependencies(dir string) error {
	repository, err := filepath.Abs("../../..")
	if err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		return err
	}
	foreign := strings.Replace(string(mod), "module github.com/oksai/oksai", "module example.com/shop", 1) +
		"\nrequire github.com/oksai/oksai v0.0.0\n\nreplace github.com/oksai/oksai => " + repository + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(foreign), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600)
}
