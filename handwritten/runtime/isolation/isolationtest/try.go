package isolationtest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/isolation"
)

// tryAll calls everything as the intruder.
func (a *attempt) tryAll(t testing.TB) {
	t.Helper()
	for _, op := range a.proof.Surface.Operations {
		x := row{operation: op.Name, note: a.proof.Except[op.Name]}
		if op.Public {
			x.note = "public: there is no tenant"
		}
		if x.note == "" {
			a.try(t, op, &x)
		}
		a.report.rows = append(a.report.rows, x)
	}
}

func (a *attempt) try(t testing.TB, op isolation.Operation, x *row) {
	t.Helper()
	leaks := len(a.report.Leaks)
	for _, role := range a.intruders(op) {
		calls := a.calls(op)
		if len(op.Roles) > 0 && !slices.Contains(op.Roles, role) {
			calls = calls[:1] // it is refused before anything of it is looked at
		}
		// A person of its own: what an operation does to its caller must not spoil what follows.
		token := a.person(t, a.intruder.tenant, role)
		for _, c := range calls {
			x.requests += a.tryCall(t, role, token, c)
		}
		x.roles++
	}
	if op.Platform {
		x.note = "operators may"
	}
	x.leaks = len(a.report.Leaks) - leaks
}

// calls are the ways to call an operation: plain, with each parameter, with each
// header that changes what is done.
func (a *attempt) calls(op isolation.Operation) []call {
	plain := call{Operation: op, text: a.intruder.canary}
	all := []call{plain}
	for _, p := range op.Query {
		if !p.Required {
			c := plain
			c.param = p
			all = append(all, c)
		}
	}
	headers := [][]string{{httpx.TenantHeader, "{id of " + a.opened() + "}"}}
	if op.Method != http.MethodGet {
		headers = append(headers, []string{httpx.IdempotencyHeader, "{key}"}, []string{"If-Match", `"1"`})
	}
	for _, h := range headers {
		c := plain
		c.headers = h
		all = append(all, c)
	}
	return all
}

// opened is what a tenant is in the specs.
func (a *attempt) opened() string {
	for _, op := range a.proof.Surface.Operations {
		if op.Name == a.proof.Surface.Opens {
			return op.Creates
		}
	}
	return ""
}

// tryCall makes a call with each of the victim's ids and words, and compares the
// answers with the one for what does not exist. It returns the number of requests.
func (a *attempt) tryCall(t testing.TB, role, token string, c call) (requests int) {
	t.Helper()
	stranger := newWords("nobody")
	want := a.send(t, token, c, stranger)
	a.reveals(role, c, a.comparable(c, want, stranger))
	requests = 1
	for _, ids := range a.choices(t, c) {
		w := a.victim.with(ids)
		got := a.send(t, token, c, w)
		requests++
		if x, y := a.comparable(c, got, w), a.comparable(c, want, stranger); x != y {
			a.report.leak("%v as %s differs for what another tenant has:\n%s\nand for what nobody has:\n%s", c, role, x, y)
		}
		a.reveals(role, c, a.comparable(c, got, w))
	}
	return requests
}

// comparable is an answer without the words of its request. What a call makes has
// a new id and a time.
func (a *attempt) comparable(c call, got answer, w words) string {
	text := w.outOf(got.text)
	if c.Method == http.MethodGet || got.status >= http.StatusMultipleChoices {
		return text
	}
	text = anyID.ReplaceAllStringFunc(text, func(id string) string {
		if slices.Contains(a.victim.all[""], id) {
			return id
		}
		return "{id}"
	})
	return instant.ReplaceAllString(text, "{time}")
}

// choices are the victim's ids that a call can name: each that its first id may
// be, and any for the others. A call without words has none. What is the platform's
// own is nobody's in particular, and no choice.
func (a *attempt) choices(t testing.TB, c call) (choices []map[string]string) {
	t.Helper()
	of := slices.DeleteFunc(idsIn(c.template()), func(of string) bool { return a.common[of] != "" })
	if len(of) == 0 && word.MatchString(c.template()) {
		return []map[string]string{{}}
	}
	if len(of) == 0 {
		return nil
	}
	ids := map[string]string{}
	for _, kind := range of {
		if len(a.victim.all[kind]) == 0 {
			t.Fatalf("the victim has no %q, so %v cannot be tried", kind, c)
		}
		ids[kind] = a.victim.all[kind][0]
	}
	for _, first := range a.victim.all[of[0]] {
		choice := maps.Clone(ids)
		choice[of[0]] = first
		choices = append(choices, choice)
	}
	return choices
}

// reveals finds the victim's texts and ids in an answer, but for those asked for.
func (a *attempt) reveals(role string, c call, answer string) {
	for _, text := range append([]string{a.victim.canary, a.victim.secret}, a.victim.all[""]...) {
		if strings.Contains(answer, text) {
			a.report.leak("%v as %s shows another tenant's %s:\n%s", c, role, text, answer)
		}
	}
}
