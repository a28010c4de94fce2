package postgres_test

import (
	"testing"

	"github.com/oksai/oksai/codegen/emit/fixture"
	"github.com/oksai/oksai/codegen/emit/postgres"
)

func TestEmit(t *testing.T) {
	t.Parallel()
	files, err := postgres.New().Emit(fixture.Platform())
	if err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, files)
}
