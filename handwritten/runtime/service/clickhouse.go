package service

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// openClickHouse connects lazily. No URL means that the engine could not be had.
func openClickHouse(rawURL string) (driver.Conn, error) {
	if rawURL == "" {
		return noClickHouse{}, nil
	}
	options, err := clickhouse.ParseDSN(rawURL)
	if err != nil {
		return nil, fmt.Errorf("CLICKHOUSE_URL: %w", err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("CLICKHOUSE_URL: %w", err)
	}
	return conn, nil
}

// noClickHouse stands where no ClickHouse can be had. Commands and reads by id
// do not need one; lists answer what to do, and projections wait.
type noClickHouse struct{ driver.Conn }

func (noClickHouse) err() error {
	return problem.Unavailable("lists and statistics need ClickHouse, and there is none: set CLICKHOUSE_URL, or put `clickhouse` or npm on PATH, and restart the app; commands and reads by id work meanwhile")
}

// Query implements driver.Conn.
func (n noClickHouse) Query(context.Context, string, ...any) (driver.Rows, error) {
	return nil, n.err()
}

// PrepareBatch implements driver.Conn.
func (n noClickHouse) PrepareBatch(context.Context, string, ...driver.PrepareBatchOption) (driver.Batch, error) {
	return nil, n.err()
}

// Exec implements driver.Conn.
func (n noClickHouse) Exec(context.Context, string, ...any) error { return n.err() }

// Ping implements driver.Conn.
func (n noClickHouse) Ping(context.Context) error { return n.err() }

// Close implements driver.Conn.
func (noClickHouse) Close() error { return nil }
