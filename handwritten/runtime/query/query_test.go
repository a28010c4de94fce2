package query_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/query"
)

var (
	mine, theirs = uuid.UUID{1}, uuid.UUID{2}
	start        = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
)

type row struct {
	ID        int64
	Title     string
	Status    string
	CreatedAt time.Time
	Due       *time.Time
	Tags      []string
}

var table = projection.Table{
	Module: "job", Name: "jobs", Hash: "0123456789",
	DDL: `CREATE TABLE %s (tenant_id UUID, id Int64, title String, status LowCardinality(String), created_at DateTime64(6, 'UTC'), due Nullable(Date32),
		tags Array(String), _position UInt128, _deleted UInt8, INDEX title_search lowerUTF8(title) TYPE ngrambf_v1(3, 8192, 2, 0) GRANULARITY 1)
		ENGINE = ReplacingMergeTree(_position) ORDER BY (tenant_id, id)`,
	Key: []string{"id"},
	Columns: []projection.Column{
		{Name: "id", Type: "Int64"}, {Name: "title", Type: "String"}, {Name: "status", Type: "String"},
		{Name: "created_at", Type: "DateTime64(6, 'UTC')"}, {Name: "due", Type: "Nullable(Date32)"}, {Name: "tags", Type: "Array(String)"},
	},
}

var list = query.List[row]{
	Name: "job.ListJobs", From: query.ClickHouse(table),
	Scan:   func(r *row) []any { return []any{&r.ID, &r.Title, &r.Status, &r.CreatedAt, &r.Due, &r.Tags} },
	Values: func(r *row) []any { return []any{r.ID, r.Title, r.Status, r.CreatedAt, r.Due, r.Tags} },
	Filters: map[string][]query.Op{"status": {query.Eq, query.In}, "created_at": {query.Gt, query.Gte, query.Lt, query.Lte},
		"due": {query.Eq, query.Gte}, "tags": {query.Any}, "id": {query.Eq}},
	Search:  []string{"title", "status"},
	Sorts:   []string{"created_at", "status", "due"},
	Default: []string{"-created_at"},
	Limit:   50, MaxLimit: 200,
}

type stored struct {
	tenant   uuid.UUID
	row      row
	position uint64
	deleted  uint8
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ids(rows []row) []int64 {
	ids := []int64{}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func day(n int) *time.Time {
	t := time.Date(2026, 4, n, 0, 0, 0, 0, time.UTC)
	return &t
}

// many are rows with few different sort values, a third of them without a due day.
func many(n int) []stored {
	rows := make([]stored, n)
	for i := range rows {
		r := row{ID: int64(i), Title: "job", Status: []string{"pending", "completed"}[i%2], CreatedAt: start.Add(time.Duration(i%4) * time.Microsecond), Tags: []string{}}
		if i%3 > 0 {
			r.Due = day(1 + i%5)
		}
		rows[i] = stored{tenant: mine, row: r, position: 1}
	}
	return rows
}

func TestPagingVisitsEachRowOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, open opener) {
		const n = 1000
		db, list := open(t, many(n))
		for _, sort := range [][]string{nil, {"created_at"}, {"status", "-created_at"}, {"due"}, {"-due", "status"}, {"-status", "due", "created_at"}} {
			t.Run(fmt.Sprint(sort), func(t *testing.T) {
				t.Parallel()
				var all []row
				request := query.Request{Sort: sort, Limit: 97}
				for {
					page, err := list.Page(t.Context(), db, query.Tenant(mine), request)
					check(t, err)
					all = append(all, page.Items...)
					if request.Cursor = page.Next; request.Cursor == nil {
						break
					}
				}
				visited := ids(all)
				slices.Sort(visited)
				if len(visited) != n || len(slices.Compact(visited)) != n {
					t.Fatalf("%d rows visited, %d different ones; want each of %d once", len(all), len(slices.Compact(visited)), n)
				}
				if sort == nil && !slices.IsSortedFunc(all, func(a, b row) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
					t.Error("the default order is not newest first")
				}
			})
		}
	})
}

func TestPageIsNotDisturbedByNewRows(t *testing.T) {
	eachStore(t, func(t *testing.T, open opener) {
		db, list := open(t, many(10))
		first, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Sort: []string{"created_at"}, Limit: 5})
		check(t, err)
		insert(t, db, stored{tenant: mine, row: row{ID: 99, CreatedAt: start.AddDate(-6, 0, 0), Tags: []string{}}, position: 1})
		second, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Sort: []string{"created_at"}, Limit: 5, Cursor: first.Next})
		check(t, err)
		visited := append(ids(first.Items), ids(second.Items)...)
		slices.Sort(visited)
		if diff := cmp.Diff([]int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, visited); diff != "" || second.Next != nil {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	})
}

func TestTenantsAreIsolated(t *testing.T) {
	eachStore(t, func(t *testing.T, open opener) {
		db, list := open(t, []stored{
			{tenant: mine, row: row{ID: 1, Title: "my job"}, position: 1},
			{tenant: theirs, row: row{ID: 1, Title: "their job"}, position: 1},
			{tenant: theirs, row: row{ID: 2, Title: "their job"}, position: 1},
		})
		conditions := [][]query.Condition{nil, {{Column: "id", Op: query.Eq, Value: 2}}, {{Op: query.Search, Value: "their"}},
			{{Column: "status", Op: query.In, Value: []string{"", "x') OR 1=1 --"}}}}
		for _, where := range conditions {
			page, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Where: where})
			check(t, err)
			for _, r := range page.Items {
				if r.Title != "my job" {
					t.Errorf("%v shows %+v", where, r)
				}
			}
		}
		if _, err := list.Find(t.Context(), db, query.Tenant(mine), query.Condition{Column: "id", Value: 2}); !is(err, "NOT_FOUND") {
			t.Errorf("another tenant's row: %v, want NOT_FOUND", err)
		}
		n, err := list.Count(t.Context(), db, query.Tenant(theirs))
		check(t, err)
		all, err := list.Count(t.Context(), db, query.Platform())
		check(t, err)
		if n != 2 || all != 3 {
			t.Errorf("counts %d and %d, want 2 of a tenant and 3 of the platform", n, all)
		}
		for _, none := range []query.Scope{{}, query.Tenant(uuid.Nil)} {
			if _, err := list.Page(t.Context(), db, none, query.Request{}); err == nil {
				t.Errorf("a query with the scope %+v was sent", none)
			}
		}
	})
}

// A cursor of one tenant, handed to another's query, must not move it.
func TestCursorBelongsToItsQuery(t *testing.T) {
	eachStore(t, func(t *testing.T, open opener) {
		db, list := open(t, many(10))
		page, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Limit: 3})
		check(t, err)
		requests := map[string]struct {
			scope   query.Scope
			request query.Request
		}{
			"other tenant": {query.Tenant(theirs), query.Request{Cursor: page.Next}},
			"other sort":   {query.Tenant(mine), query.Request{Cursor: page.Next, Sort: []string{"status"}}},
			"other filter": {query.Tenant(mine), query.Request{Cursor: page.Next, Where: []query.Condition{{Column: "status", Value: "pending"}}}},
			"empty":        {query.Tenant(mine), query.Request{Cursor: []byte{}}},
			"cut":          {query.Tenant(mine), query.Request{Cursor: page.Next[:len(page.Next)-3]}},
		}
		for name, r := range requests {
			if _, err := list.Page(t.Context(), db, r.scope, r.request); !is(err, "INVALID_REQUEST") {
				t.Errorf("%s: %v, want INVALID_REQUEST", name, err)
			}
		}
	})
}

func TestConditions(t *testing.T) {
	eachStore(t, func(t *testing.T, open opener) {
		db, list := open(t, []stored{
			{tenant: mine, row: row{ID: 1, Title: "Ship the release", Status: "pending", CreatedAt: start, Tags: []string{"a", "it's"}}, position: 1},
			{tenant: mine, row: row{ID: 2, Title: "Größe prüfen — 100%", Status: "completed", CreatedAt: start.Add(time.Microsecond), Due: day(2), Tags: []string{`b\`}}, position: 1},
			{tenant: mine, row: row{ID: 3, Title: "release_notes\t\\", Status: "cancelled", CreatedAt: start.Add(2 * time.Microsecond), Due: day(9), Tags: []string{}}, position: 1},
		})
		tests := map[string]struct {
			where []query.Condition
			want  []int64
		}{
			"eq":                  {[]query.Condition{{Column: "status", Value: "pending"}}, []int64{1}},
			"in":                  {[]query.Condition{{Column: "status", Op: query.In, Value: []string{"pending", "cancelled"}}}, []int64{1, 3}},
			"in nothing":          {[]query.Condition{{Column: "status", Op: query.In, Value: []string{}}}, []int64{}},
			"microsecond after":   {[]query.Condition{{Column: "created_at", Op: query.Gt, Value: start}}, []int64{2, 3}},
			"range":               {[]query.Condition{{Column: "created_at", Op: query.Gte, Value: start.Add(time.Microsecond)}, {Column: "created_at", Op: query.Lt, Value: start.Add(2 * time.Microsecond)}}, []int64{2}},
			"time elsewhere":      {[]query.Condition{{Column: "created_at", Op: query.Lte, Value: start.In(time.FixedZone("x", 7200))}}, []int64{1}},
			"no value":            {[]query.Condition{{Column: "due", Value: (*time.Time)(nil)}}, []int64{1}},
			"day":                 {[]query.Condition{{Column: "due", Op: query.Gte, Value: *day(3)}}, []int64{3}},
			"any":                 {[]query.Condition{{Column: "tags", Op: query.Any, Value: []string{"it's", `b\`}}}, []int64{1, 2}},
			"search a word":       {[]query.Condition{{Op: query.Search, Value: "RELEASE"}}, []int64{1, 3}},
			"search two words":    {[]query.Condition{{Op: query.Search, Value: "release pending"}}, []int64{1}},
			"search accents":      {[]query.Condition{{Op: query.Search, Value: "GRÖSSE"}}, []int64{}},
			"search umlauts":      {[]query.Condition{{Op: query.Search, Value: "GRÖ"}}, []int64{2}},
			"search a part":       {[]query.Condition{{Op: query.Search, Value: "leas"}}, []int64{1, 3}},
			"search no words":     {[]query.Condition{{Op: query.Search, Value: " %_'"}}, []int64{1, 2, 3}},
			"search with symbols": {[]query.Condition{{Op: query.Search, Value: "100% _"}}, []int64{2}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				page, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Where: test.where, Sort: []string{"created_at"}})
				check(t, err)
				if diff := cmp.Diff(test.want, ids(page.Items)); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
			})
		}
		if _, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Where: []query.Condition{{Op: query.Search, Value: strings.Repeat("a ", 11)}}}); !is(err, "INVALID_REQUEST") {
			t.Errorf("a search of many words: %v, want INVALID_REQUEST", err)
		}
		if _, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Where: []query.Condition{{Column: "title", Value: "x"}}}); err == nil {
			t.Error("a filter that the spec does not allow was sent")
		}
		for _, sort := range [][]string{{"title"}, {"tenant_id"}, {"status", "-status"}, {"status; DROP TABLE x"}} {
			if _, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{Sort: sort}); !is(err, "INVALID_REQUEST") {
				t.Errorf("sort by %v: %v, want INVALID_REQUEST", sort, err)
			}
		}
	})
}

func TestOnlyTheNewestRowCounts(t *testing.T) {
	t.Parallel()
	open := clickHouse
	version := func(id int64, title string, position uint64, deleted uint8) []stored {
		return []stored{{tenant: mine, row: row{ID: id, Title: title}, position: position, deleted: deleted}}
	}
	db, list := open(t, version(1, "old", 1, 0), version(1, "new", 3, 0), version(1, "older", 2, 0), version(2, "gone", 1, 0), version(2, "", 2, 1))
	page, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{})
	check(t, err)
	if len(page.Items) != 1 || page.Items[0].Title != "new" {
		t.Errorf("the list shows %+v, want the newest version of what is not deleted", page.Items)
	}
}

type overview struct {
	Status         string
	Total, Overdue int64
	First          *time.Time
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	db, list := clickHouse(t, many(100), []stored{{tenant: theirs, row: row{ID: 7, Status: "pending"}, position: 1}})
	measures := []query.Measure{{Name: "total", SQL: "toInt64(count())"}, {Name: "overdue", SQL: "toInt64(countIf(isNotNull(due)))"}, {Name: "first", SQL: "minOrNull(created_at)"}}
	grouped := query.Aggregate[overview]{
		Name: "job.Overview", From: list.From, Measures: measures, GroupBy: []string{"status"}, Filters: list.Filters,
		Scan: func(o *overview) []any { return []any{&o.Status, &o.Total, &o.Overdue, &o.First} },
	}
	groups, err := grouped.Groups(t.Context(), db, query.Tenant(mine))
	check(t, err)
	second := start.Add(time.Microsecond)
	if diff := cmp.Diff([]overview{{"completed", 50, 33, &second}, {"pending", 50, 33, &start}}, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	single := grouped
	single.GroupBy = nil
	single.Scan = func(o *overview) []any { return []any{&o.Total, &o.Overdue, &o.First} }
	one, err := single.One(t.Context(), db, query.Tenant(mine), query.Condition{Column: "status", Value: "none"})
	check(t, err)
	if diff := cmp.Diff(overview{}, one); diff != "" {
		t.Errorf("over no rows (-want +got):\n%s", diff)
	}
	if _, err := single.One(t.Context(), db, query.Scope{}); err == nil {
		t.Error("an aggregate without a tenant was sent")
	}
}

func TestUnavailableIsSaidSo(t *testing.T) {
	t.Parallel()
	db, list := clickHouse(t)
	check(t, db.ClickHouse.(driver.Conn).Exec(t.Context(), "DROP TABLE "+table.SQLName()))
	if _, err := list.Page(t.Context(), db, query.Tenant(mine), query.Request{}); !is(err, "UNAVAILABLE") {
		t.Errorf("a table that is not built: %v, want UNAVAILABLE", err)
	}
	gone, err := projection.Open("http://127.0.0.1:1/x")
	check(t, err)
	defer gone.Close()
	if _, err := list.Page(t.Context(), query.DB{ClickHouse: gone}, query.Tenant(mine), query.Request{}); !is(err, "UNAVAILABLE") {
		t.Errorf("an engine that is down: %v, want UNAVAILABLE", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := list.Page(ended, db, query.Tenant(mine), query.Request{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that left: %v, want context.Canceled", err)
	}
}

func is(err error, code string) bool {
	p, ok := errors.AsType[*problem.Error](err)
	return ok && p.Code == code
}
