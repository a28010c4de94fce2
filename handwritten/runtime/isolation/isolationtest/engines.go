package isolationtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// searchEngines looks for what is not kept apart, where no API shows it.
func (a *attempt) searchEngines(t testing.TB) {
	t.Helper()
	a.searchPostgres(t)
	a.searchClickHouse(t)
	a.searchRedis(t)
	a.searchKafka(t)
	if strings.Contains(a.log.String(), a.victim.secret) {
		a.report.leak("the log has a password as it was typed")
	}
}

// tenants are all tenants there are; what is of none has the zero id.
func (a *attempt) tenants(t testing.TB) map[string]bool {
	t.Helper()
	known := map[string]bool{uuid.Nil.String(): true}
	for _, id := range a.texts(t, "SELECT DISTINCT tenant_id::text FROM oksai.events") {
		known[id] = true
	}
	return known
}

// searchClickHouse: every table has tenants, and the canary is in the victim's rows only.
func (a *attempt) searchClickHouse(t testing.TB) {
	t.Helper()
	conn, err := projection.Open(a.Engines.ClickHouseURL)
	check(t, err)
	defer conn.Close()
	read := func(sql string) (texts []string) {
		found, err := conn.Query(t.Context(), sql)
		check(t, err)
		defer found.Close()
		for found.Next() {
			var text string
			check(t, found.Scan(&text))
			texts = append(texts, text)
		}
		check(t, found.Err())
		return texts
	}
	canaries := 0
	for _, name := range read("SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name") {
		if len(read("SELECT name FROM system.columns WHERE database = currentDatabase() AND name = 'tenant_id' AND type = 'UUID' AND table = '"+name+"'")) == 0 {
			a.report.leak("ClickHouse's table %s has no column tenant_id", name)
			continue
		}
		for _, whose := range read(fmt.Sprintf("SELECT DISTINCT toString(tenant_id) FROM `%s` WHERE position(formatRow('JSONEachRow', *), '%s') > 0", name, a.victim.canary)) {
			canaries++
			if whose != a.victim.tenant.String() {
				a.report.leak("ClickHouse's table %s has the canary in rows of %s", name, whose)
			}
		}
	}
	if canaries == 0 {
		t.Fatal("the canary is nowhere in ClickHouse, so nothing was proved")
	}
}

// shared are the keys in Redis that are of no tenant, by what is in them, and why.
var shared = map[string]string{
	":rate:1:address:": "who has not signed in is counted by address",
}

// searchRedis: every key names a tenant, and its value names the same one.
func (a *attempt) searchRedis(t testing.TB) {
	t.Helper()
	options, err := redis.ParseURL(a.Engines.RedisURL)
	check(t, err)
	client := redis.NewClient(options)
	defer client.Close()
	known, found := a.tenants(t), map[string]bool{}
	// What is cached is soon forgotten: it is looked for where a request has just put it.
	outboxtest.Eventually(t, "the victim's tenant is in a key in Redis", func() bool {
		a.use(t)
		keys := client.Scan(t.Context(), 0, "*", 1000).Iterator()
		for keys.Next(t.Context()) {
			if key := keys.Val(); !found[key] {
				value, _ := client.Get(t.Context(), key).Result() // it may have expired, and be no text
				a.judgeKey(key, value, known)
				found[key] = true
			}
		}
		check(t, keys.Err())
		return len(a.report.Leaks) > 0 || strings.Contains(strings.Join(slices.Collect(maps.Keys(found)), " "), a.victim.tenant.String())
	})
}

// use has the victim's people read something.
func (a *attempt) use(t testing.TB) {
	t.Helper()
	for _, op := range a.tried() {
		if c := (call{Operation: op}); op.Method == http.MethodGet && len(op.Roles) > 0 && len(idsIn(c.template())) == 0 {
			a.asInsider(t, c, a.victim.words)
			return
		}
	}
}

func (a *attempt) judgeKey(key, value string, known map[string]bool) {
	for part := range shared {
		if strings.Contains(key, part) {
			return
		}
	}
	tenant := anyID.FindString(key)
	if !known[tenant] {
		a.report.leak("Redis' key %q carries no tenant", key)
	}
	if whose := anyID.FindString(value); whose != "" && known[whose] && whose != tenant {
		a.report.leak("Redis' key %q holds the value of tenant %s", key, whose)
	}
	if strings.Contains(value, a.victim.canary) && tenant != a.victim.tenant.String() {
		a.report.leak("Redis' key %q has the canary", key)
	}
}
