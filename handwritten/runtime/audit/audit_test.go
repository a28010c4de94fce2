package audit_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/query"
	signin "github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

var (
	mine, theirs = uuid.UUID{1}, uuid.UUID{2}
	then         = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// trail is a trail with the database that it is in.
type trail struct {
	*audit.Store
	db      *eventstore.Store
	cursors *httpx.Cursors
}

func open(t *testing.T) trail {
	t.Helper()
	url := signintest.Database(t)
	check(t, audit.Migrate(t.Context(), url))
	db := signintest.Open(t, url)
	cursors, err := httpx.NewCursors(bytes.Repeat([]byte{1}, 32))
	check(t, err)
	return trail{audit.New(audit.Config{Store: db, Clock: func() time.Time { return then }}), db, cursors}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// record adds entries, each in a transaction of its tenant.
func (tr trail) record(t *testing.T, entries ...audit.Entry) {
	t.Helper()
	for _, e := range entries {
		check(t, tr.db.InTenants(t.Context(), []uuid.UUID{e.Tenant}, func(tx pgx.Tx) error { return tr.Record(t.Context(), tx, e) }))
	}
}

func entry(tenant uuid.UUID, kind signin.Kind, at time.Time) audit.Entry {
	return audit.Entry{Event: signin.Event{Tenant: tenant, Kind: kind, At: at, By: "ann", User: "bob"}}
}

// kinds reads a whole list, page by page.
func (tr trail) kinds(t *testing.T, scope query.Scope, f audit.Filter) (kinds []string) {
	t.Helper()
	r := audit.PageRequest{Limit: 2}
	for {
		page, err := tr.List(t.Context(), tr.cursors, scope, f, r)
		check(t, err)
		for _, e := range page.Items {
			kinds = append(kinds, string(e.Kind))
		}
		if r.Cursor = page.Next; page.Next == "" {
			return kinds
		}
	}
}

func TestListsAreNewestFirstAndOfOneTenant(t *testing.T) {
	t.Parallel()
	tr := open(t)
	tr.record(t, entry(mine, "first", then), entry(theirs, "foreign", then.Add(time.Minute)), entry(uuid.Nil, "platform", then.Add(2*time.Minute)),
		entry(mine, "third", then.Add(2*time.Hour)), entry(mine, "second", then.Add(time.Hour)))
	for _, c := range []struct {
		scope  query.Scope
		filter audit.Filter
		want   []string
	}{
		{query.Tenant(mine), audit.Filter{}, []string{"third", "second", "first"}},
		{query.Tenant(theirs), audit.Filter{}, []string{"foreign"}},
		{query.Tenant(uuid.UUID{3}), audit.Filter{}, nil},
		{query.Platform(), audit.Filter{}, []string{"third", "second", "platform", "foreign", "first"}},
		{query.Platform(), audit.Filter{Kind: "foreign", By: "ann", User: "bob"}, []string{"foreign"}},
		{query.Platform(), audit.Filter{User: "ann"}, nil},
		{query.Tenant(mine), audit.Filter{Since: then.Add(time.Hour), Until: then.Add(2 * time.Hour)}, []string{"second"}},
	} {
		if got := tr.kinds(t, c.scope, c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%+v %+v lists %v, want %v", c.scope, c.filter, got, c.want)
		}
	}
	if _, err := tr.List(t.Context(), tr.cursors, query.Scope{}, audit.Filter{}, audit.PageRequest{}); err == nil {
		t.Error("a list without a tenant is answered")
	}
}

// TestEntriesReadBackAsWritten: equal times do not repeat or hide an entry, and no field is lost.
func TestEntriesReadBackAsWritten(t *testing.T) {
	t.Parallel()
	tr := open(t)
	want := audit.Entry{
		Event:  signin.Event{Kind: audit.OperatorActed, Tenant: mine, By: "op", User: "u", Session: uuid.New(), Key: "k", Source: "s"},
		Action: "RebuildProjection", Target: "job.job_facts",
	}
	tr.record(t, want, want, want, want, want)
	if got := tr.kinds(t, query.Tenant(mine), audit.Filter{}); len(got) != 5 {
		t.Errorf("pages of entries of the same moment have %d of 5 entries", len(got))
	}
	page, err := tr.List(t.Context(), tr.cursors, query.Tenant(mine), audit.Filter{}, audit.PageRequest{})
	check(t, err)
	want.ID, want.At = page.Items[0].ID, then
	if got := page.Items[0]; got != want {
		t.Errorf("read back %+v, want %+v", got, want)
	}
}

// TestEntriesShareTheFateOfTheChange, and cannot be put into another tenant's trail.
func TestEntriesShareTheFateOfTheChange(t *testing.T) {
	t.Parallel()
	tr := open(t)
	undone := errors.New("undone")
	write := func(e audit.Entry, fate error) error {
		return tr.db.InTenants(t.Context(), []uuid.UUID{mine}, func(tx pgx.Tx) error { return errors.Join(tr.Record(t.Context(), tx, e), fate) })
	}
	if err := write(entry(mine, "undone", then), undone); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if err := write(entry(theirs, "forged", then), nil); err == nil {
		t.Error("a transaction of one tenant writes into the trail of another")
	}
	check(t, write(entry(uuid.Nil, "platform", then), nil))
	check(t, tr.Audit(context.Background(), tr.db.Writer(), signin.Event{Kind: signin.PasswordRefused}))
	if got := tr.kinds(t, query.Platform(), audit.Filter{}); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"password_refused", "platform"}) {
		t.Errorf("the trail has %v", got)
	}
}
