package httpx_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
)

// note is an aggregate that remembers the last line written to it.
type note struct{ Line string }

type written struct{ Line string }

func (written) EventType() string  { return "note.Written" }
func (written) SchemaVersion() int { return 1 }
func (written) Published() bool    { return false }
func (e written) AppendJSON(dst []byte) []byte {
	return fmt.Appendf(dst, `{"Line":%q}`, e.Line)
}

type notes = command.Repository[note]

func newNotes(t *testing.T, scope command.Scope) *notes {
	t.Helper()
	url, ctx := enginetest.Postgres(t), context.Background()
	if err := eventstore.Migrate(ctx, url); err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open(ctx, eventstore.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		if err := store.Run(running); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); all.Wait() })
	return command.NewRepository(store, command.Aggregate[note]{
		Module: "note", Type: "Note", Scope: scope,
		Decode: func(_ string, _ int, payload []byte) (event.Data, error) {
			var e written
			err := json.Unmarshal(payload, &e)
			return e, err
		},
		Apply: func(n *note, e event.Data) { n.Line = e.(written).Line },
		Clone: func(n *note) *note { c := *n; return &c },
	})
}

func write(line string) func(*note, time.Time) (command.Decision[note], error) {
	return func(*note, time.Time) (command.Decision[note], error) {
		return command.Decision[note]{Events: []event.Data{written{line}}}, nil
	}
}

func as(tenant uuid.UUID, subject string) context.Context {
	return authn.With(context.Background(), authn.Principal{Subject: subject, Tenant: tenant})
}

func execute(t *testing.T, ctx context.Context, repo *notes, c httpx.Command[note]) command.Outcome[note] {
	t.Helper()
	out, err := httpx.Execute(ctx, repo, c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCommandHeaders(t *testing.T) {
	t.Parallel()
	repo, ctx := newNotes(t, command.Tenant), as(uuid.New(), "ann")
	created := execute(t, ctx, repo, httpx.Command[note]{Operation: "Create", Creates: true, Decide: write("one")})
	if created.ID.Version() != 7 || created.Version != 1 {
		t.Errorf("created %+v", created)
	}
	change := httpx.Command[note]{Operation: "Write", ID: created.ID, Decide: write("two"), RequireIfMatch: true}
	for _, c := range []struct{ ifMatch, key, want string }{
		{"", "", "IF_MATCH_REQUIRED"},
		{`"2"`, "", "STALE_VERSION"},
		{`*`, "", "INVALID_REQUEST"},
		{`"1"`, strings.Repeat("k", 256), "INVALID_REQUEST"},
		{`"1"`, "a key", "INVALID_REQUEST"},
		{`"1"`, "schlüssel", "INVALID_REQUEST"},
		{`"1"`, "a\x00b", "INVALID_REQUEST"},
		{`"1"`, strings.Repeat("~", 255), ""},
	} {
		change.IfMatch, change.IdempotencyKey = c.ifMatch, c.key
		if out, err := httpx.Execute(ctx, repo, change); code(err) != c.want {
			t.Errorf("If-Match %s, key %.10q: %+v, %v; want %q", c.ifMatch, c.key, out, err, c.want)
		}
	}
	loaded, err := httpx.Get(ctx, repo, created.ID)
	if err != nil || loaded.Version != 2 || loaded.State.Line != "two" {
		t.Errorf("Get = %+v, %v", loaded, err)
	}
}

func TestIdempotencyKeyIsBoundToItsRequest(t *testing.T) {
	t.Parallel()
	repo, tenant := newNotes(t, command.Tenant), uuid.New()
	ctx := as(tenant, "ann")
	a := execute(t, ctx, repo, httpx.Command[note]{Operation: "Create", Creates: true, Decide: write("a")}).ID
	b := execute(t, ctx, repo, httpx.Command[note]{Operation: "Create", Creates: true, Decide: write("b")}).ID
	first := httpx.Command[note]{Operation: "Write", ID: a, IdempotencyKey: "k", Input: written{"x"}, Decide: write("x")}
	if out := execute(t, ctx, repo, first); out.Replayed {
		t.Errorf("the first one: %+v", out)
	}
	if out := execute(t, ctx, repo, first); !out.Replayed || out.Version != 2 {
		t.Errorf("the same again: %+v", out)
	}
	otherInput, otherID, otherOperation := first, first, first
	otherInput.Input, otherID.ID, otherOperation.Operation = written{"y"}, b, "Append"
	for name, c := range map[string]httpx.Command[note]{"input": otherInput, "id": otherID} {
		if out, err := httpx.Execute(ctx, repo, c); code(err) != "IDEMPOTENCY_KEY_REUSED" {
			t.Errorf("other %s: %+v, %v", name, out, err)
		}
	}
	if out := execute(t, ctx, repo, otherOperation); out.Replayed {
		t.Errorf("another operation's key: %+v", out)
	}
	if out := execute(t, as(tenant, "bob"), repo, first); out.Replayed {
		t.Errorf("another principal's key: %+v", out)
	}
	if _, err := httpx.Execute(as(uuid.New(), "ann"), repo, first); code(err) != "NOT_FOUND" {
		t.Errorf("another tenant's: %v", err)
	}
}

func TestRepeatedCreationOfATenantIsFoundAgain(t *testing.T) {
	t.Parallel()
	repo, ctx := newNotes(t, command.Self), as(uuid.Nil, "root")
	create := func(key, input string) (command.Outcome[note], error) {
		return httpx.Execute(ctx, repo, httpx.Command[note]{Operation: "CreateTenant", Creates: true, IdempotencyKey: key, Input: input, Decide: write(input)})
	}
	first, err := create("k", "acme")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := create("k", "acme"); err != nil || again.ID != first.ID || !again.Replayed {
		t.Errorf("again: %+v, %v", again, err)
	}
	if other, err := create("k", "umbrella"); code(err) != "IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("same key, other tenant: %+v, %v", other, err)
	}
	if other, err := create("k2", "acme"); err != nil || other.ID == first.ID {
		t.Errorf("other key: %+v, %v", other, err)
	}
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	repo, tenant := newNotes(t, command.Tenant), uuid.New()
	ctx := as(tenant, "ann")
	id := execute(t, ctx, repo, httpx.Command[note]{Operation: "Create", Creates: true, Decide: write("0")}).ID
	for i := 1; i < 5; i++ {
		execute(t, ctx, repo, httpx.Command[note]{Operation: "Write", ID: id, Decide: write(fmt.Sprint(i))})
	}
	cursors, bounds := newCursors(t, strings.Repeat("s", 32)), httpx.Limits{Default: 2, Max: 10}
	var versions []int64
	cursor, pages := "", 0
	for {
		page, err := httpx.History(ctx, repo, id, none[int32](), cursor, bounds, cursors)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			versions = append(versions, e.Version)
		}
		if pages++; page.Next == "" {
			break
		}
		if _, err := httpx.History(ctx, repo, uuid.New(), none[int32](), page.Next, bounds, cursors); code(err) != "INVALID_CURSOR" {
			t.Errorf("the cursor of another history: %v", err)
		}
		cursor = page.Next
	}
	if fmt.Sprint(versions) != "[1 2 3 4 5]" || pages != 3 {
		t.Errorf("versions %v on %d pages", versions, pages)
	}
	if _, err := httpx.History(as(uuid.New(), "eve"), repo, id, none[int32](), "", bounds, cursors); code(err) != "NOT_FOUND" {
		t.Errorf("another tenant's history: %v", err)
	}
	if then, err := httpx.AsOf(ctx, repo, id, some[int64](3), none[time.Time]()); err != nil || then.State.Line != "2" {
		t.Errorf("AsOf version 3 = %+v, %v", then, err)
	}
	if then, err := httpx.AsOf(ctx, repo, id, none[int64](), some(time.Now().Add(time.Hour))); err != nil || then.Version != 5 {
		t.Errorf("AsOf later = %+v, %v", then, err)
	}
	for _, c := range []struct {
		version maybe[int64]
		at      maybe[time.Time]
	}{{none[int64](), none[time.Time]()}, {some[int64](1), some(time.Now())}, {some[int64](0), none[time.Time]()}, {some[int64](0), some(time.Now())}} {
		if _, err := httpx.AsOf(ctx, repo, id, c.version, c.at); code(err) != "INVALID_REQUEST" {
			t.Errorf("AsOf(%v, %v): %v", c.version, c.at, err)
		}
	}
}
