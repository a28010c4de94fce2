package service

import (
	"fmt"
	"strings"
)

// role is the part of an app that a process runs. All roles use the same
// settings, so that they differ in nothing but their command.
type role struct {
	name string
	api  bool // answers HTTP
	work bool // runs the relay, projections, reactions and timers
}

var (
	serveRole  = role{name: "serve", api: true, work: true}
	apiRole    = role{name: "api", api: true}
	workerRole = role{name: "worker", work: true}
)

// check refuses a part of an app on engines of its own: its counterpart could not reach them.
func (r role) check(c Config) error {
	if r.api && r.work || !c.embedsAny() {
		return nil
	}
	var missing []string
	check := func(name string, set bool) {
		if !set {
			missing = append(missing, name)
		}
	}
	check("DATABASE_URL", c.DatabaseURL != "")
	check("CLICKHOUSE_URL", c.ClickHouseURL != "")
	check("KAFKA_BROKERS", len(c.KafkaBrokers) > 0)
	check("REDIS_URL", c.RedisURL != "")
	return fmt.Errorf("%s shares its engines with other processes: set %s, or run serve, which does everything", r.name, strings.Join(missing, ", "))
}
