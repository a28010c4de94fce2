package eventstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// tenantTables are the tables with a tenant's data, as the catalog knows them.
func tenantTables(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'oksai'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range []string{"events", "keys", "limits", "snapshots", "timers", "dead_letters"} {
		if !slices.Contains(tables, known) {
			t.Fatalf("table %s has no tenant_id: %v", known, tables)
		}
	}
	return tables
}

func TestCatalogShowsForcedRowLevelSecurity(t *testing.T) {
	t.Parallel()
	conn := admin(t, database(t))
	for _, table := range tenantTables(t, conn) {
		var enabled, forced bool
		var owner, policies string
		err := conn.QueryRow(t.Context(), `
			SELECT c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),
				(SELECT string_agg(p.polcmd::text || ':' || p.polroles[1]::regrole, ' ' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid)
			FROM pg_class c WHERE c.oid = ('oksai.' || $1::text)::regclass`, table).Scan(&enabled, &forced, &owner, &policies)
		if err != nil {
			t.Fatal(err)
		}
		// r is SELECT, * is all commands.
		if !enabled || !forced || owner != "oksai_owner" || policies != "r:oksai_reader *:oksai_writer" {
			t.Errorf("%s: enabled %v, forced %v, owner %s, policies %q", table, enabled, forced, owner, policies)
		}
	}
	var dangerous int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_roles
		WHERE rolname LIKE 'oksai\_%' AND (rolsuper OR rolbypassrls OR rolcanlogin)`).Scan(&dangerous); err != nil || dangerous != 0 {
		t.Errorf("%d roles may pass by the policies, %v", dangerous, err)
	}
}

func TestTenantSeesOnlyItsOwnRows(t *testing.T) {
	t.Parallel()
	url := database(t)
	store, _ := startAt(t, url, nil)
	a, b := newStream(uuid.New()), newStream(uuid.New())
	for _, stream := range []event.Stream{a, b} {
		begin(t, store, stream.Tenant, "open", nil)
		mustAppend(t, store, eventstore.Append{
			Stream: stream, Events: events(1), Key: key("k"),
			Timers: []eventstore.Timer{{Name: "stale", Due: time.Now().Add(time.Hour)}},
			Limits: []eventstore.Limit{{Name: "open", Delta: 1, Bound: 5}},
		})
		if err := store.SaveSnapshot(t.Context(), stream, 1, "s", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range tenantTables(t, admin(t, url)) {
		if table == "dead_letters" { // the store writes none
			continue
		}
		count := func(db interface {
			QueryRow(ctx, string, ...any) pgx.Row
		}) (all, foreign int) {
			err := db.QueryRow(t.Context(), "SELECT count(*), count(*) FILTER (WHERE tenant_id <> $1) FROM oksai."+table, a.Tenant).Scan(&all, &foreign)
			if err != nil {
				t.Fatalf("%s: %v", table, err)
			}
			return all, foreign
		}
		if all, _ := count(store.Writer()); all != 0 {
			t.Errorf("%s: a statement without a tenant sees %d rows", table, all)
		}
		if all, foreign := count(store.Reader()); all != 2 || foreign != 1 {
			t.Errorf("%s: the reader sees %d rows, %d of the other tenant; want 2 and 1", table, all, foreign)
		}
		err := store.InTenants(t.Context(), []uuid.UUID{a.Tenant}, func(tx pgx.Tx) error {
			if all, foreign := count(tx); all != 1 || foreign != 0 {
				t.Errorf("%s: tenant A sees %d rows, %d of them foreign", table, all, foreign)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if all, _ := count(store.Writer()); all != 0 { // again: the setting must have ended with its transaction
			t.Errorf("%s: a tenant's setting leaked to a later statement, which sees %d rows", table, all)
		}
	}
}

func TestRolesMayDoOnlyTheirPart(t *testing.T) {
	t.Parallel()
	store := start(t)
	a, b := uuid.New(), uuid.New()
	mustAppend(t, store, eventstore.Append{Stream: newStream(a), Events: events(1)})
	for _, forbidden := range []string{
		"UPDATE oksai.events SET payload = '{}'",
		"DELETE FROM oksai.events",
		"TRUNCATE oksai.events",
		"UPDATE oksai.cluster SET epoch = 7",
		"INSERT INTO oksai.timers (tenant_id, stream_id, name, module, stream_type, due) VALUES ('" + b.String() + "', gen_random_uuid(), 't', 'm', 't', now())",
	} {
		err := store.InTenants(t.Context(), []uuid.UUID{a}, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), forbidden)
			return err
		})
		if !denied(err) {
			t.Errorf("the writer may: %s (%v)", forbidden, err)
		}
	}
	for _, table := range []string{"events", "keys", "checkpoints"} {
		if _, err := store.Reader().Exec(t.Context(), "DELETE FROM oksai."+table); !denied(err) {
			t.Errorf("the reader may delete from %s: %v", table, err)
		}
	}
}

func denied(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "42501" && (strings.Contains(e.Message, "permission denied") || strings.Contains(e.Message, "row-level security"))
}
