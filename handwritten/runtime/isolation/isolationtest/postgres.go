package isolationtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// rows reads from the app's PostgreSQL, past all row-level security.
func rows[T any](t testing.TB, r *Running, read pgx.RowToFunc[T], sql string, args ...any) []T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.Engines.PostgresURL)
	check(t, err)
	defer conn.Close(context.Background())
	found, _ := conn.Query(t.Context(), sql, args...) // collecting tells the error, too
	collected, err := pgx.CollectRows(found, read)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return collected
}

func (r *Running) texts(t testing.TB, sql string, args ...any) []string {
	t.Helper()
	return rows(t, r, pgx.RowTo[string], sql, args...)
}

func (r *Running) count(t testing.TB, sql string, args ...any) int {
	t.Helper()
	return rows(t, r, pgx.RowTo[int], sql, args...)[0]
}

// table is one of PostgreSQL's, as the catalogs know it.
type table struct {
	Name string
	// Tenant tells whether it has a column tenant_id that is never null.
	Tenant bool
	// Secured tells whether row-level security is on, also for the owner.
	Secured bool
	// Reader are the commands of the policies for oksai_reader: r is SELECT, a
	// INSERT, w UPDATE, d DELETE, * all. Writer are those for oksai_writer that ask
	// for the transaction's tenants, Open those that do not.
	Reader, Writer, Open string
	// IDs are its other columns with ids.
	IDs []string
}

// The request's own id is in every event that it causes; it is no tenant's.
const tablesSQL = `
SELECT n.nspname || '.' || c.relname,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull),
    c.relrowsecurity AND c.relforcerowsecurity,
    coalesce((SELECT string_agg(polcmd::text, '') FROM policies p WHERE p.polrelid = c.oid AND p.role = 'oksai_reader'), ''),
    coalesce((SELECT string_agg(polcmd::text, '') FROM policies p WHERE p.polrelid = c.oid AND p.role = 'oksai_writer' AND p.asks), ''),
    coalesce((SELECT string_agg(polcmd::text, '') FROM policies p WHERE p.polrelid = c.oid AND p.role IN ('oksai_writer', '-') AND NOT p.asks), ''),
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped
        AND a.attname NOT IN ('tenant_id', 'correlation_id', 'causation_id'))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
ORDER BY 1`

// policies, by the roles they are for; '-' is everybody.
const policiesSQL = `
WITH policies AS (
    SELECT polrelid, polcmd, r::regrole::text AS role,
        concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) LIKE '%oksai.tenants%' AS asks
    FROM pg_policy, unnest(polroles) AS r)`

func (r *Running) tables(t testing.TB) []table {
	t.Helper()
	return rows(t, r, pgx.RowToStructByPos[table], policiesSQL+tablesSQL)
}

// tenantless are the tables that hold no tenant's data, and why.
var tenantless = map[string]string{
	"oksai.cluster":                "one row about the cluster",
	"oksai.checkpoints":            "how far consumers have come, of all tenants",
	"oksai.relays":                 "how far the log is published, of all tenants",
	"oksai.projections":            "the status of read models, which all tenants share",
	"oksai_usage.storage_position": "how far the log is measured, of all tenants",
	"oksai_identity.accounts":      "people belong to several tenants; the reader cannot see it",
	"oksai_identity.attempts":      "before somebody has signed in there is no tenant; hashes only",
	"oksai_identity.known_sources": "as attempts",
	"oksai_identity.signing_keys":  "the platform's own; sealed",
	"oksai_identity.revocations":   "every replica refuses by it whom it does not know yet; ids only",
}

// schemaVersion is the end of the names of the tables that say which migrations ran.
const schemaVersion = ".schema_version"

// fault tells what is wrong with a table, empty if nothing is.
func (x table) fault() string {
	_, excepted := tenantless[x.Name]
	switch {
	case excepted || strings.HasSuffix(x.Name, schemaVersion):
		return ""
	case !x.Tenant:
		return "has no column tenant_id: add it, or name the table in isolationtest.tenantless with the reason"
	case !x.Secured:
		return "has no row-level security, or it does not hold for the owner (FORCE)"
	case x.Reader != "r":
		return fmt.Sprintf("has the policies %q for oksai_reader, want one for SELECT", x.Reader)
	case x.Writer == "" || x.Open != "":
		return fmt.Sprintf("has policies for oksai_writer that ask for the tenants (%q), and that do not (%q); want only the former", x.Writer, x.Open)
	}
	return ""
}

// searchPostgres judges all tables, and finds the canary in rows of others.
func (a *attempt) searchPostgres(t testing.TB) {
	t.Helper()
	found := 0
	for _, x := range a.tables(t) {
		if fault := x.fault(); fault != "" {
			a.report.leak("PostgreSQL's table %s %s", x.Name, fault)
		}
		tenant := "'no tenant at all'"
		if x.Tenant {
			tenant = "tenant_id::text"
		}
		for _, whose := range a.texts(t, fmt.Sprintf(`SELECT DISTINCT %s FROM %s x WHERE x::text ILIKE '%%%s%%'`, tenant, x.Name, a.victim.canary)) {
			found++
			if whose != a.victim.tenant.String() {
				a.report.leak("PostgreSQL's table %s has the canary in rows of %s", x.Name, whose)
			}
		}
		if n := a.count(t, fmt.Sprintf(`SELECT count(*) FROM %s x WHERE x::text LIKE '%%%s%%'`, x.Name, a.victim.secret)); n > 0 {
			a.report.leak("PostgreSQL's table %s has a password as it was typed", x.Name)
		}
	}
	if found == 0 {
		t.Fatal("the canary is nowhere in PostgreSQL, so nothing was proved")
	}
}

// learn reads which ids the victim has.
func (a *attempt) learn(t testing.TB) {
	t.Helper()
	a.victim.all = map[string][]string{"": {a.victim.tenant.String()}}
	streams := rows(t, a.Running, pgx.RowToStructByPos[struct{ Of, ID string }],
		`SELECT DISTINCT module || '.' || stream_type, stream_id::text FROM oksai.events WHERE tenant_id = $1 ORDER BY 2`, a.victim.tenant)
	for _, s := range streams {
		a.victim.all[s.Of] = append(a.victim.all[s.Of], s.ID)
	}
	for _, x := range a.tables(t) {
		for _, column := range x.IDs {
			if x.Tenant {
				a.victim.all[""] = append(a.victim.all[""], a.texts(t, fmt.Sprintf(`SELECT DISTINCT %s::text FROM %s WHERE tenant_id = $1 AND %[1]s IS NOT NULL`, column, x.Name), a.victim.tenant)...)
			}
		}
	}
	slices.Sort(a.victim.all[""])
	a.victim.all[""] = slices.Compact(a.victim.all[""])
}

// restless tables are written without that anything happens to a tenant.
var restless = map[string]string{
	"oksai.timers":          "who fires a timer claims it first",
	"oksai_usage.api_calls": "calls are counted in memory and written later",
}

// owned is a fingerprint of all that the victim has.
func (a *attempt) owned(t testing.TB) string {
	t.Helper()
	var all []string
	for _, x := range a.tables(t) {
		if _, excepted := restless[x.Name]; x.Tenant && !excepted {
			sql := fmt.Sprintf(`SELECT concat(count(*), ' rows ', md5(string_agg(x::text, '' ORDER BY x::text))) FROM %s x WHERE tenant_id = $1`, x.Name)
			all = append(all, x.Name+" "+a.texts(t, sql, a.victim.tenant)[0])
		}
	}
	return strings.Join(all, ", ")
}
