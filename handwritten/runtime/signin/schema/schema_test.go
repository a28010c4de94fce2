package schema_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/signin/schema"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func TestReplicasMigrateAtTheSameTime(t *testing.T) {
	t.Parallel()
	url := enginetest.Postgres(t)
	if err := eventstore.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := schema.Migrate(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := schema.Migrate(t.Context(), "nonsense://"); err == nil || !strings.Contains(err.Error(), "oksai_identity") {
		t.Errorf("a wrong URL: %v", err)
	}
}

// TestCatalogs reads from the catalogs who may do what.
func TestCatalogs(t *testing.T) {
	t.Parallel()
	store := signintest.Open(t, signintest.Database(t))
	rows, _ := store.Reader().Query(t.Context(), `
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relkind = 'r' AND c.relnamespace = 'oksai_identity'::regnamespace AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`)
	if open, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(open) > 0 {
		t.Errorf("tables with tenants and without row-level security: %v, %v", open, err)
	}
	for _, table := range []string{"accounts", "attempts", "known_sources", "signing_keys"} {
		if _, err := store.Reader().Exec(t.Context(), "SELECT FROM oksai_identity."+table); err == nil {
			t.Errorf("the reader sees %s", table)
		}
	}
	for _, table := range []string{"sessions", "api_keys", "revocations", "onetime"} {
		if _, err := store.Reader().Exec(t.Context(), "DELETE FROM oksai_identity."+table); err == nil {
			t.Errorf("the reader deletes from %s", table)
		}
	}
}
