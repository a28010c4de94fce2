package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// standings are what PostgreSQL knows of how far the log was carried.
var standings = []string{
	`SELECT 'now ' || now() || ', head of the log ' || coalesce((SELECT (epoch, xid, seq)::text FROM oksai.events ORDER BY epoch DESC, xid DESC, seq DESC LIMIT 1), 'none')
		|| ', readers see transactions before ' || pg_snapshot_xmin(pg_current_snapshot())`,
	`SELECT 'relay ' || to_json(r) FROM oksai.relays r`,
	`SELECT 'checkpoint ' || to_json(c) FROM oksai.checkpoints c ORDER BY consumer, partition`,
	`SELECT 'projection ' || to_json(p) FROM oksai.projections p`,
	`SELECT 'dead letter ' || to_json(d) FROM oksai.dead_letters d`,
}

// diagnose prints what tells where events got stuck: the running server's
// counters, and the relay's and the consumers' places in the log.
func (s *server) diagnose(t *testing.T) {
	if a, err := s.admin.Send("GET", "/metrics", ""); err == nil {
		for line := range strings.Lines(a.Body) {
			if strings.HasPrefix(line, "oksai_") && !strings.Contains(line, "_bucket") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	address, err := s.databaseURL()
	if err == nil {
		err = printStandings(ctx, t, address)
	}
	if err != nil {
		t.Logf("the log's standings cannot be read: %v", err)
	}
}

func printStandings(ctx context.Context, t *testing.T, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, query := range standings {
		rows, err := conn.Query(ctx, query)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
		t.Log(strings.Join(lines, "\n"))
	}
	return nil
}
