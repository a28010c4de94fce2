package platformtest

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

const partitions = 2

// Project folds the log into read models, in a ClickHouse database of the test's own.
func (p *Platform) Project(t testing.TB, models ...projection.Model) driver.Conn {
	t.Helper()
	clickhouse, err := projection.Open(enginetest.ClickHouse(t))
	check(t, err)
	t.Cleanup(func() { check(t, clickhouse.Close()) })
	config := projection.Config{
		ClickHouse: clickhouse, Log: p.Store, Partitions: partitions,
		Store: projection.NewStore(p.Store.Writer(), p.Store.Reader(), time.Now),
	}
	for _, model := range models {
		check(t, projection.NewRunner(model, config).Rebuild(t.Context()))
	}
	return clickhouse
}
