package main

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/oksai/oksai/codegen/pipeline"
)

// BenchmarkGenerate makes all files of the platform's own specs, with and
// without the two tools of others that take most of the time.
func BenchmarkGenerate(b *testing.B) {
	ours := slices.DeleteFunc(generateCommand{}.emitters(), func(e pipeline.Emitter) bool { return e.Name() == "sqlc" || e.Name() == "ogen" })
	b.Run("without-sqlc-and-ogen", func(b *testing.B) { generate(b, ours) })
	b.Run("all", func(b *testing.B) { generate(b, generateCommand{}.emitters()) })
}

func generate(b *testing.B, emitters []pipeline.Emitter) {
	specs := os.DirFS("../../../spec")
	for b.Loop() {
		files, diags, err := pipeline.Run(context.Background(), specs, pipeline.Config{Dir: "spec", Emitters: emitters})
		if err != nil || diags.HasErrors() || len(files) == 0 {
			b.Fatalf("%d files, %v, %v", len(files), diags, err)
		}
	}
}
