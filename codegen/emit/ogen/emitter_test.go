package ogen_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/oksai/oksai/codegen/emit/fixture"
	"github.com/oksai/oksai/codegen/emit/ogen"
	"github.com/oksai/oksai/codegen/emit/openapi"
)

func TestX(t *testing.T) {
	p := fixture.Platform()
	files, err := ogen.New().Emit(p)
	if err != nil {
		t.Fatal(err)
	}
	docs, _ := openapi.New().Emit(p)
	for n, c := range docs {
		files[n] = c
	}
	for n, c := range files {
		n = filepath.Join("/tmp/E/out", n)
		os.MkdirAll(filepath.Dir(n), 0o755)
		os.WriteFile(n, c, 0o644)
	}
}
