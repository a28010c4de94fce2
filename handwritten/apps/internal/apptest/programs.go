// Package apptest tries apps as their users do: as programs, over HTTP.
package apptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// programs is the folder of the programs under test. It is package state as
// enginetest's engines are: a test process builds them once, for all its tests.
var programs string

// Main builds the programs of packages with the race detector, runs the tests,
// and ends the process as enginetest.Main does.
func Main(m *testing.M, packages string) { enginetest.Main(withPrograms{m, packages}) }

type withPrograms struct {
	tests    *testing.M
	packages string
}

// Run implements enginetest.Tests.
func (p withPrograms) Run() int {
	dir, err := os.MkdirTemp("/tmp", "oksai-programs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "folder for the programs:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir + "/"
	if out, err := exec.Command("go", "build", "-race", "-o", programs, p.packages).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the programs: %v\n%s", err, out)
		return 1
	}
	return p.tests.Run()
}

// Program is the path of a program that Main has built.
func Program(name string) string { return programs + name }

// Command is a program on a data folder, with settings (KEY=VALUE) of which the
// last of a name counts.
func Command(data string, settings []string, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(Program(program), args...)
	cmd.Env = append(append(os.Environ(), "OKSAI_DATA="+data, "PORT=0"), settings...)
	return cmd
}

// Output is what a command prints that must succeed.
func Output(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Logf("%s", exit.Stderr)
		}
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	return string(out)
}

// Dev is what dev.json in a data folder tells of apps with engines of their own.
type Dev struct {
	BaseURL string            `json:"base_url"`
	Apps    map[string]string `json:"apps"`
	Tenant  string            `json:"tenant"`
	Tokens  map[string]string `json:"tokens"`
}

// ReadDev reads dev.json; it is not there before the apps are ready.
func ReadDev(data string) (dev Dev, there bool) {
	raw, err := os.ReadFile(filepath.Join(data, "dev.json"))
	return dev, err == nil && json.Unmarshal(raw, &dev) == nil
}
