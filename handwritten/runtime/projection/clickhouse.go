package projection

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Open returns a connection pool to the ClickHouse of the URL, for example
// http://user:password@host:8123/oksai. Nothing is connected yet: an engine that
// is down shows in the first statement.
func Open(url string) (driver.Conn, error) {
	options, err := clickhouse.ParseDSN(url)
	if err != nil {
		return nil, fmt.Errorf("read the ClickHouse URL: %w", err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return conn, nil
}

// CreateDatabase creates the URL's database if ClickHouse does not have it.
func CreateDatabase(ctx context.Context, url string) error {
	options, err := clickhouse.ParseDSN(url)
	if err != nil {
		return fmt.Errorf("read the ClickHouse URL: %w", err)
	}
	name := options.Auth.Database
	options.Auth.Database = "default" // a connection names a database that exists
	conn, err := clickhouse.Open(options)
	if err != nil {
		return fmt.Errorf("open ClickHouse: %w", err)
	}
	defer conn.Close()
	if err := conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS `"+strings.ReplaceAll(name, "`", "``")+"`"); err != nil {
		return fmt.Errorf("create the ClickHouse database %s: %w", name, err)
	}
	return nil
}
