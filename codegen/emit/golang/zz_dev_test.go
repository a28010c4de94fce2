package golang

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/oksai/oksai/codegen/load"
)

func TestDevWrite(t *testing.T) {
	out := os.Getenv("D_OUT")
	spec := os.Getenv("D_SPEC")
	p, diags := load.Dir(spec)
	for _, d := range diags {
		t.Log(d)
	}
	if p == nil {
		t.Fatal("no platform")
	}
	files, err := New().Emit(p)
	if err != nil {
		t.Error(err)
	}
	for path, b := range files {
		full := filepath.Join(out, path)
		os.MkdirAll(filepath.Dir(full), 0o755)
		os.WriteFile(full, b, 0o644)
	}
}
