package audit

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/query"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
)

// Filter says which entries to list; what is zero restricts nothing.
type Filter struct {
	Kind audit.Kind
	// By is who did it, User whom it is about.
	By, User string
	// Entries from Since on, and before Until.
	Since, Until time.Time
}

// row is an entry as the table has it.
type row struct {
	ID, Session                                 uuid.UUID
	At                                          time.Time
	Kind, By, User, Key, Source, Action, Target string
	Tenant                                      uuid.UUID
}

func (r *row) columns() []any {
	return []any{&r.ID, &r.Tenant, &r.At, &r.Kind, &r.By, &r.User, &r.Session, &r.Key, &r.Source, &r.Action, &r.Target}
}

func (r *row) entry() Entry {
	return Entry{ID: r.ID, Action: r.Action, Target: r.Target, Event: audit.Event{
		Kind: audit.Kind(r.Kind), At: r.At.UTC(), By: r.By, User: r.User, Tenant: r.Tenant, Session: r.Session, Key: r.Key, Source: r.Source,
	}}
}

var entries = query.List[row]{
	Name: "audit.Entries",
	From: query.Postgres(query.Table{
		Name: "audit.entries", SQL: "oksai_audit.entries", Key: []string{"id"},
		Columns: []projection.Column{
			{Name: "id", Type: "uuid"}, {Name: "tenant_id", Type: "uuid"}, {Name: "at", Type: "timestamptz"}, {Name: "kind", Type: "text"},
			{Name: "actor", Type: "text"}, {Name: "user_id", Type: "text"}, {Name: "session_id", Type: "uuid"}, {Name: "key", Type: "text"},
			{Name: "source", Type: "text"}, {Name: "action", Type: "text"}, {Name: "target", Type: "text"},
		},
	}),
	Scan: (*row).columns,
	Values: func(r *row) []any {
		return []any{r.ID, r.Tenant, r.At, r.Kind, r.By, r.User, r.Session, r.Key, r.Source, r.Action, r.Target}
	},
	Filters: map[string][]query.Op{
		"kind": {query.Eq}, "actor": {query.Eq}, "user_id": {query.Eq}, "at": {query.Gte, query.Lt},
	},
	Default: []string{"-at", "-id"}, // ids grow with time
	Limit:   50, MaxLimit: 200,
}

func (f Filter) conditions() (where []query.Condition) {
	add := func(wanted bool, column string, op query.Op, value any) {
		if wanted {
			where = append(where, query.Condition{Column: column, Op: op, Value: value})
		}
	}
	add(f.Kind != "", "kind", query.Eq, string(f.Kind))
	add(f.By != "", "actor", query.Eq, f.By)
	add(f.User != "", "user_id", query.Eq, f.User)
	add(!f.Since.IsZero(), "at", query.Gte, f.Since)
	add(!f.Until.IsZero(), "at", query.Lt, f.Until)
	return where
}

// PageRequest is what a caller asks for, as it came over HTTP.
type PageRequest struct {
	// Limit is the page's size; 0 means 50, and 200 is the most.
	Limit int
	// Cursor is the Next of the page before; empty for the first.
	Cursor string
}

// List answers one page of the trail, newest first: of one tenant, or of all and
// of what concerns none with query.Platform. A cursor is good for the tenant of
// ctx's principal and the same filter.
func (s *Store) List(ctx context.Context, cursors *httpx.Cursors, scope query.Scope, f Filter, r PageRequest) (httpx.Page[Entry], error) {
	bind := httpx.CursorBind(ctx, entries.Name)
	cursor, err := cursors.Open(bind, r.Cursor)
	if err != nil {
		return httpx.Page[Entry]{}, err
	}
	page, err := entries.Page(ctx, query.DB{Postgres: s.config.Store.Reader()}, scope, query.Request{Where: f.conditions(), Limit: r.Limit, Cursor: cursor})
	if err != nil {
		return httpx.Page[Entry]{}, err
	}
	answer := httpx.Page[Entry]{Items: make([]Entry, len(page.Items))}
	for i := range page.Items {
		answer.Items[i] = page.Items[i].entry()
	}
	if page.Next != nil {
		answer.Next = cursors.Seal(bind, page.Next)
	}
	return answer, nil
}
