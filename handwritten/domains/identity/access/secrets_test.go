package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// showsNoSecret looks for every password, token and key of the test in the whole
// database, the log, the audit trail and the refusals.
func (h *house) showsNoSecret(t *testing.T) {
	t.Helper()
	places := map[string]string{"the audit trail": fmt.Sprintf("%+v", h.trail.Events())}
	h.mu.Lock()
	places["the log"], places["refusals"] = h.log.String(), strings.Join(h.told, "\n")
	secrets := h.secrets
	h.mu.Unlock()
	h.tables(t, places)
	if len(secrets) < 5 || len(places) < 15 || !strings.Contains(places["oksai.events"], "UserRegistered") {
		t.Errorf("looked for %d secrets in %d places: that proves nothing", len(secrets), len(places))
	}
	for place, text := range places {
		for _, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s show the secret %.12s…", place, secret)
			}
		}
	}
}

// tables reads all rows of all tables as text.
func (h *house) tables(t *testing.T, places map[string]string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.URL)
	check(t, err)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('oksai', 'oksai_identity', 'identity', 'tenant')`)
	check(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	check(t, err)
	for _, table := range tables {
		rows, err := conn.Query(t.Context(), "SELECT r::text FROM "+table+" AS r")
		check(t, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		check(t, err)
		places[table] = strings.Join(all, "\n")
	}
}
