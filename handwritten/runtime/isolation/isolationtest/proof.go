// Package isolationtest proves for a running app that no tenant reaches what is
// another's. Two tenants are opened, and the first is filled with a canary in
// every text. Then everything that can be called is called in the name of the
// second one, in every role, with the first one's ids and words: the answer must
// be the same, byte for byte, as for what does not exist. At last the engines
// themselves are searched.
//
// What is tried comes from the specs: the generated package of an app has its
// Surface. The proof is a test of the app's own package, because only there the
// handwritten rules are plugged in.
package isolationtest

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/isolation"
)

// Proof is what to try and what not.
type Proof struct {
	Surface isolation.Surface
	// Except names operations that are not tried, each with the reason.
	Except map[string]string
	// Prepare, if set, is called with each tenant that was opened, to lift its limits
	// and to make what no operation makes.
	Prepare func(t testing.TB, r *Running, tenant uuid.UUID)
}

// Prove fails the test for each leak, and logs what was tried.
func Prove(t testing.TB, r *Running, p Proof) {
	t.Helper()
	report := p.Run(t, r)
	t.Logf("what was tried in %s:\n%s", r.app.Name, report)
	for _, leak := range report.Leaks {
		t.Error(leak)
	}
}

// Report is what was tried, and what leaked.
type Report struct {
	Leaks []string
	rows  []row
	total row
}

// row is what was tried of one operation.
type row struct {
	operation              string
	roles, requests, leaks int
	note                   string
}

func (r *Report) leak(format string, args ...any) {
	r.Leaks = append(r.Leaks, fmt.Sprintf(format, args...))
}

// String is the report as a table.
func (r *Report) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tROLES\tREQUESTS\tLEAKS\tNOTE")
	for _, x := range append(r.rows, r.total) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", x.operation, x.roles, x.requests, x.leaks, x.note)
	}
	w.Flush() // a strings.Builder cannot fail
	return text.String()
}

// Run tries everything.
func (p Proof) Run(t testing.TB, r *Running) *Report {
	t.Helper()
	a := &attempt{Running: r, proof: p, report: &Report{}, common: map[string]string{}}
	a.victim, a.intruder = a.open(t, "canary"), a.open(t, "intruder")
	a.settle(t)
	a.victim.tokens, a.intruder.tokens = a.tokens(t, a.victim.tenant), a.tokens(t, a.intruder.tenant)
	before := a.seen(t)
	a.fill(t)
	a.settle(t)
	a.learn(t)
	owned := a.owned(t)
	a.compare(before, a.seen(t))
	a.tryAll(t)
	a.settle(t)
	if now := a.owned(t); now != owned {
		a.report.leak("what is the tenant's was changed by another tenant's requests:\nbefore %s\nafter  %s", owned, now)
	}
	a.searchEngines(t)
	a.report.total = row{operation: "all", roles: len(p.Surface.Roles), leaks: len(a.report.Leaks)}
	for _, x := range a.report.rows {
		a.report.total.requests += x.requests
	}
	return a.report
}
