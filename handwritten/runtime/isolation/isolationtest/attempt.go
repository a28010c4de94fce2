package isolationtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/isolation"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
)

// attempt is the work on one proof.
type attempt struct {
	*Running
	proof            Proof
	report           *Report
	victim, intruder party
	// common are ids of what is the platform's, such as users, by what they are of.
	common map[string]string
}

// party is a tenant and its people.
type party struct {
	words
	tenant uuid.UUID
	// tokens by role.
	tokens map[string]string
	// all ids of what the tenant has, by what they are of; "" has those of all kinds.
	all map[string][]string
}

// open opens a tenant.
func (a *attempt) open(t testing.TB, name string) party {
	t.Helper()
	p := party{words: newWords(name)}
	admin := a.token(t, "operator", uuid.Nil, authn.PlatformRole)
	made := a.send(t, admin, call{Operation: a.opens(t), text: p.canary}, p.words)
	p.tenant = created(t, made)
	if a.proof.Prepare != nil {
		a.proof.Prepare(t, a.Running, p.tenant)
	}
	return p
}

// tokens are of one person of each role.
func (a *attempt) tokens(t testing.TB, tenant uuid.UUID) map[string]string {
	t.Helper()
	tokens := map[string]string{}
	for _, role := range a.proof.Surface.Roles {
		tokens[role] = a.person(t, tenant, role)
	}
	return tokens
}

// person is a token of somebody new with a role; who only is signed in has no tenant.
func (a *attempt) person(t testing.TB, tenant uuid.UUID, role string) string {
	t.Helper()
	if role == authn.UserRole {
		tenant = uuid.Nil
	}
	return a.token(t, uuid.NewString(), tenant, role)
}

func (a *attempt) opens(t testing.TB) isolation.Operation {
	t.Helper()
	i := slices.IndexFunc(a.proof.Surface.Operations, func(o isolation.Operation) bool { return o.Name == a.proof.Surface.Opens })
	if i < 0 {
		t.Fatalf("the app has no operation %s that opens a tenant", a.proof.Surface.Opens)
	}
	op := a.proof.Surface.Operations[i]
	op.Body = anybody.ReplaceAllString(op.Body, "")
	return op
}

// anybody is a field of a request with an id of which the spec does not say of what:
// a tenant that is opened for somebody who is not there has work that cannot be done.
var anybody = regexp.MustCompile(`,"\w+":"\{id\}"`)

func created(t testing.TB, a answer) uuid.UUID {
	t.Helper()
	var got struct{ ID uuid.UUID }
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusCreated || got.ID == uuid.Nil {
		t.Fatalf("nothing was created: %s", a.text)
	}
	return got.ID
}

// fill makes one of everything that the victim's people can make, with the canary
// in every text. Commands must succeed; what other operations need is not known.
func (a *attempt) fill(t testing.TB) {
	t.Helper()
	a.fillPlatform(t)
	a.learn(t)
	for _, op := range a.tried() {
		c := call{Operation: op, text: a.victim.canary, headers: []string{httpx.IdempotencyHeader, "{key}"}}
		makes := op.Creates != "" || op.Method == http.MethodPost && len(idsIn(c.template())) == 0
		if !makes || op.Platform {
			continue
		}
		if made := a.asInsider(t, c, a.victim.with(a.known(c))); op.Creates != "" {
			created(t, made)
		}
		a.learn(t)
	}
}

// asInsider calls as the victim's people until one of them may.
func (a *attempt) asInsider(t testing.TB, c call, w words) (last answer) {
	t.Helper()
	for _, role := range c.Roles {
		if last = a.send(t, a.victim.tokens[role], c, w); last.status < http.StatusMultipleChoices {
			return last
		}
	}
	return last
}

// fillPlatform makes one of everything that is the platform's own, without the canary.
func (a *attempt) fillPlatform(t testing.TB) {
	t.Helper()
	for _, op := range a.tried() {
		if op.Creates == "" || !op.Platform || op.Name == a.proof.Surface.Opens {
			continue
		}
		w := newWords("platform")
		made := a.send(t, a.token(t, "operator", uuid.Nil, authn.PlatformRole), call{Operation: op, text: w.canary}, w)
		a.common[op.Creates] = created(t, made).String()
	}
}

// known are ids for a call, the victim's and the platform's, as far as there are any.
func (a *attempt) known(c call) map[string]string {
	ids := map[string]string{}
	for _, of := range idsIn(c.template()) {
		if theirs := a.victim.all[of]; len(theirs) > 0 {
			ids[of] = theirs[0]
		} else if id := a.common[of]; id != "" {
			ids[of] = id
		}
	}
	return ids
}

// with are the party's words with these ids.
func (p party) with(ids map[string]string) words {
	w := p.words
	w.ids = ids
	return w
}

// tried are the operations that are not excepted.
func (a *attempt) tried() []isolation.Operation {
	return slices.DeleteFunc(slices.Clone(a.proof.Surface.Operations), func(o isolation.Operation) bool {
		return a.proof.Except[o.Name] != "" || o.Public
	})
}

// settle waits until every timer has fired and every event has been published and
// followed, and none came of that.
func (a *attempt) settle(t testing.TB) {
	t.Helper()
	outboxtest.Eventually(t, "all events were followed", func() bool {
		before := a.count(t, "SELECT count(*) FROM oksai.events")
		return a.idle(t) && a.count(t, "SELECT count(*) FROM oksai.events") == before
	})
}

func (a *attempt) idle(t testing.TB) bool {
	t.Helper()
	if a.count(t, "SELECT count(*) FROM oksai.timers WHERE due <= now()") > 0 {
		return false
	}
	var outbox struct{ Lag int64 }
	a.command(t, &outbox, "outbox", "status", "--json")
	var consumers []struct {
		Name string
		Lag  *int64
	}
	a.command(t, &consumers, "projections", "list", "--json")
	for _, c := range consumers {
		_, foreign := a.foreign.Load(c.Name)
		if c.Lag == nil && !foreign || c.Lag != nil && *c.Lag > 0 {
			return false
		}
	}
	return outbox.Lag == 0
}

// seen is what the intruder's people see where no id is asked for, by request.
func (a *attempt) seen(t testing.TB) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for _, op := range a.tried() {
		c := call{Operation: op}
		if op.Method != http.MethodGet || word.MatchString(c.template()) {
			continue
		}
		for _, role := range a.intruders(op) {
			seen[c.String()+" as "+role] = a.send(t, a.intruder.tokens[role], c, a.intruder.words).text
		}
	}
	return seen
}

// intruders are the roles in which an operation may see nothing of another
// tenant: all but the operators' where that is its purpose.
func (a *attempt) intruders(op isolation.Operation) []string {
	return slices.DeleteFunc(slices.Clone(a.proof.Surface.Roles), func(role string) bool {
		return op.Platform && role == authn.PlatformRole
	})
}

// compare finds lists and statistics that changed for the intruder when the victim's data came.
func (a *attempt) compare(before, after map[string]string) {
	for _, request := range slices.Sorted(maps.Keys(after)) {
		if before[request] != after[request] {
			a.report.leak("%s changes when another tenant gets data:\nbefore %s\nafter  %s", request, before[request], after[request])
		}
	}
}
