package app_test

import (
	"testing"

	"github.com/oksai/oksai/codegen/emit/app"
	"github.com/oksai/oksai/codegen/emit/fixture"
)

func TestEmit(t *testing.T) {
	t.Parallel()
	files, err := app.New().Emit(fixture.Platform())
	if err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, files)
}
