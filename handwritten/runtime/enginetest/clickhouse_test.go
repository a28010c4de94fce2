package enginetest_test

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

func TestClickHouseDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	for range 2 {
		options, err := clickhouse.ParseDSN(enginetest.ClickHouse(t))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := clickhouse.Open(options)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.Exec(t.Context(), "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a"); err != nil {
			t.Error(err)
		}
	}
}
