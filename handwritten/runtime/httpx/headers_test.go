package httpx_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"pgregory.net/rapid"
)

func TestIfMatch(t *testing.T) {
	t.Parallel()
	if v, err := httpx.ParseIfMatch(""); v != nil || err != nil {
		t.Errorf("no header: %v, %v", v, err)
	}
	for _, version := range []int64{1, 7, 1 << 62} {
		if v, err := httpx.ParseIfMatch(httpx.ETag(version)); err != nil || *v != version {
			t.Errorf("ParseIfMatch(ETag(%d)) = %v, %v", version, v, err)
		}
	}
	for _, bad := range []string{"*", `"*"`, "7", `W/"7"`, `"7", "8"`, `"0"`, `"-1"`, `"+7"`, `"07"`, `"7`, `7"`, `""`, `" 7"`, `"7x"`, `"99999999999999999999"`, `"٧"`} {
		if v, err := httpx.ParseIfMatch(bad); code(err) != "INVALID_REQUEST" {
			t.Errorf("ParseIfMatch(%s) = %v, %v", bad, v, err)
		}
	}
}

func TestConsistencyToken(t *testing.T) {
	t.Parallel()
	if got := httpx.ConsistencyToken(event.Position{}); got != "" {
		t.Errorf("zero position: %q", got)
	}
	p := event.Position{Epoch: 1, XID: 2, Seq: 3}
	ctx := authn.With(context.Background(), authn.Principal{Tenant: uuid.New()})
	w := &waiter{}
	if err := httpx.Await(ctx, w, "job_facts", httpx.ConsistencyToken(p)); err != nil || w.position != p || w.tenant != httpx.Tenant(ctx) || w.consumer != "job_facts" {
		t.Errorf("Await = %v, waited for %+v", err, w)
	}
	w = nil // a call would panic
	if err := httpx.Await(ctx, w, "job_facts", ""); err != nil {
		t.Errorf("without a token: %v", err)
	}
	if err := httpx.Await(ctx, w, "job_facts", "forged"); code(err) != "INVALID_CONSISTENCY_TOKEN" {
		t.Errorf("forged token: %v", err)
	}
}

type waiter struct {
	consumer string
	tenant   uuid.UUID
	position event.Position
}

func (w *waiter) Wait(_ context.Context, consumer string, tenant uuid.UUID, p event.Position) error {
	*w = waiter{consumer, tenant, p}
	return nil
}

func TestPageLimits(t *testing.T) {
	t.Parallel()
	l := httpx.Limits{Default: 50, Max: 200}
	for n, want := range map[maybe[int32]]int{none[int32](): 50, some[int32](1): 1, some[int32](200): 200} {
		if got, err := l.Of(n); err != nil || got != want {
			t.Errorf("Of(%v) = %d, %v", n, got, err)
		}
	}
	for _, n := range []int32{-1, 0, 201} {
		if got, err := l.Of(some(n)); code(err) != "INVALID_REQUEST" {
			t.Errorf("Of(%d) = %d, %v", n, got, err)
		}
	}
}

// maybe is an optional parameter as ogen has them.
type maybe[T any] struct {
	value T
	given bool
}

func (m maybe[T]) Get() (T, bool) { return m.value, m.given }

func some[T any](value T) maybe[T] { return maybe[T]{value, true} }

func none[T any]() maybe[T] { return maybe[T]{} }

func newCursors(t testing.TB, secret string) *httpx.Cursors {
	t.Helper()
	c, err := httpx.NewCursors([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCursorsOpenOnlyWhatTheySealed(t *testing.T) {
	t.Parallel()
	c, foreign := newCursors(t, strings.Repeat("s", 32)), newCursors(t, strings.Repeat("t", 32))
	rapid.Check(t, func(t *rapid.T) {
		bind, payload := rapid.String().Draw(t, "bind"), rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		cursor := c.Seal(bind, payload)
		if got, err := c.Open(bind, cursor); err != nil || string(got) != string(payload) {
			t.Fatalf("Open(Seal(%q)) = %q, %v", payload, got, err)
		}
		if _, err := foreign.Open(bind, cursor); code(err) != "INVALID_CURSOR" {
			t.Fatalf("another secret's cursor: %v", err)
		}
		if _, err := c.Open(bind+"x", cursor); code(err) != "INVALID_CURSOR" {
			t.Fatalf("another list's cursor: %v", err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			t.Fatal(err)
		}
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if got, err := c.Open(bind, base64.RawURLEncoding.EncodeToString(raw)); code(err) != "INVALID_CURSOR" {
			t.Fatalf("forged cursor opens as %q, %v", got, err)
		}
	})
	for _, bad := range []string{"x", "!!", "AAAA", strings.Repeat("A", 10_000)} {
		if _, err := c.Open("", bad); code(err) != "INVALID_CURSOR" {
			t.Errorf("Open(%.20q): %v", bad, err)
		}
	}
	if got, err := c.Open("b", ""); got != nil || err != nil {
		t.Errorf("no cursor: %v, %v", got, err)
	}
	if _, err := httpx.NewCursors([]byte("short")); err == nil {
		t.Error("a short secret was accepted")
	}
}

func TestCursorBindTellsListsApart(t *testing.T) {
	t.Parallel()
	a := authn.With(context.Background(), authn.Principal{Tenant: uuid.New()})
	b := authn.With(context.Background(), authn.Principal{Tenant: uuid.New()})
	binds := map[string]string{}
	for name, bind := range map[string]string{
		"a":           httpx.CursorBind(a, "ListJobs", "x", "yz"),
		"tenant":      httpx.CursorBind(b, "ListJobs", "x", "yz"),
		"operation":   httpx.CursorBind(a, "ListJob", "sx", "yz"),
		"other split": httpx.CursorBind(a, "ListJobs", "xy", "z"),
		"fewer":       httpx.CursorBind(a, "ListJobs", "x"),
	} {
		if other, taken := binds[bind]; taken {
			t.Errorf("%s and %s are bound alike", name, other)
		}
		binds[bind] = name
	}
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, `"6"`: false, "7": false, `W/"6", "8"`: false,
		`"7"`: true, `W/"7"`: true, `"6", W/"7"`: true, `*`: true,
	} {
		if got := httpx.Unchanged(header, httpx.ETag(7)); got != want {
			t.Errorf("Unchanged(%s) = %v", header, got)
		}
	}
}
