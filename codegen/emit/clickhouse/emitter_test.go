package clickhouse_test

import (
	"testing"

	"github.com/oksai/oksai/codegen/emit/clickhouse"
	"github.com/oksai/oksai/codegen/emit/fixture"
)

func TestEmit(t *testing.T) {
	t.Parallel()
	files, err := clickhouse.New().Emit(fixture.Platform())
	if err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, files)
}
