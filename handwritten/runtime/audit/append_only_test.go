package audit_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/query"
)

// TestNobodyChangesAnEntry tries it as each role that an app has.
func TestNobodyChangesAnEntry(t *testing.T) {
	t.Parallel()
	tr := open(t)
	tr.record(t, entry(mine, "kept", then))
	for _, statement := range []string{
		"UPDATE oksai_audit.entries SET kind = 'forged'", "DELETE FROM oksai_audit.entries", "TRUNCATE oksai_audit.entries",
		"ALTER TABLE oksai_audit.entries DISABLE ROW LEVEL SECURITY", "DROP TABLE oksai_audit.entries",
	} {
		err := tr.db.InTenants(t.Context(), []uuid.UUID{mine}, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), statement)
			return err
		})
		if !denied(err) {
			t.Errorf("the writer may: %s (%v)", statement, err)
		}
		if _, err := tr.db.Reader().Exec(t.Context(), statement); !denied(err) {
			t.Errorf("the reader may: %s (%v)", statement, err)
		}
	}
	if _, err := tr.db.Writer().Exec(t.Context(), "SELECT FROM oksai_audit.entries"); !denied(err) {
		t.Errorf("the writer reads the trail (%v)", err)
	}
	if err := tr.Record(t.Context(), tr.db.Reader(), entry(mine, "forged", then)); !denied(err) {
		t.Errorf("the reader writes to the trail (%v)", err)
	}
	if got := tr.kinds(t, query.Platform(), audit.Filter{}); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("after that the trail has %v", got)
	}
}

func denied(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "42501"
}

// TestCatalogShowsForcedRowLevelSecurity, also against the owner.
func TestCatalogShowsForcedRowLevelSecurity(t *testing.T) {
	t.Parallel()
	tr := open(t)
	var forced bool
	var policies string
	check(t, tr.db.Reader().QueryRow(t.Context(), `
SELECT c.relrowsecurity AND c.relforcerowsecurity,
       (SELECT string_agg(p.polcmd::text || ':' || p.polroles[1]::regrole, ' ' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid)
FROM pg_class c WHERE c.oid = 'oksai_audit.entries'::regclass`).Scan(&forced, &policies))
	// r is SELECT, a INSERT, d DELETE.
	if want := "r:oksai_reader d:oksai_owner r:oksai_owner a:oksai_writer"; !forced || policies != want {
		t.Errorf("forced %v, policies %q, want %q", forced, policies, want)
	}
}

func TestForgetDeletesOnlyWhatIsTooOld(t *testing.T) {
	t.Parallel()
	tr := open(t)
	year := 365 * 24 * time.Hour
	now := time.Now()
	old := audit.New(audit.Config{Store: tr.db, Clock: func() time.Time { return now }})
	tr.record(t, entry(mine, "ancient", now.Add(-3*year)), entry(theirs, "old", now.Add(-year)), entry(uuid.Nil, "young", now))
	for _, want := range []int{1, 0} {
		if n, err := old.Forget(t.Context()); err != nil || n != want {
			t.Errorf("forgot %d entries, want %d (%v)", n, want, err)
		}
	}
	// Who would have the program forget everything: the database does not.
	var n int
	check(t, tr.db.Writer().QueryRow(t.Context(), "SELECT oksai_audit.forget($1, 1000)", now.Add(year)).Scan(&n))
	if got := tr.kinds(t, query.Platform(), audit.Filter{}); n != 1 || !slices.Equal(got, []string{"young"}) {
		t.Errorf("told to forget everything, the database deleted %d and keeps %v; want what is younger than 90 days kept", n, got)
	}
}
