package check

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// reservedSettings are variables that every app reads, or Go, and the files that a single node has.
var reservedSettings = strings.Fields(`AUTH_AUDIENCE AUTH_EXTERNAL AUTH_ISSUER AUTH_JWKS_PATH AUTH_JWKS_URL CLICKHOUSE_PASSWORD
	CLICKHOUSE_URL CURSOR_SECRET DATABASE_URL DRAIN_DELAY GOGC GOMEMLIMIT HOME HOST KAFKA_BROKERS LOG_LEVEL MAIL_FROM OKSAI_CLOCK
	OKSAI_DATA PATH PLATFORM_OPERATORS PORT POSTGRES_PASSWORD RATE_LIMIT_PRINCIPAL RATE_LIMIT_PUBLIC RATE_LIMIT_TENANT
	REDIS_PASSWORD REDIS_URL SIGNING_SECRET SMTP_URL STOP_GRACE TRUSTED_PROXIES`)

// secretNames: a secret is one variable of the environment, which nothing else
// reads; and somebody reads it, which only what people write can do.
//
//	good: secrets: {MAIL_KEY: {doc: Shared with the mail service.}}
//	bad:  secrets: {PORT: {}, MAIL_KEY_FILE: {}}
func secretNames(p *ir.Platform, diags *diag.List) {
	said := map[string]*ir.Secret{}
	for _, m := range p.Modules {
		for _, s := range m.Secrets {
			switch first := said[s.Name]; {
			case first != nil:
				diags.Errorf(s.Pos, "duplicate-name", "the secret %s belongs to another module", s.Name).WithRelated(first.Pos, "the other one")
			case slices.Contains(reservedSettings, s.Name):
				diags.Errorf(s.Pos, "reserved-name", "a secret cannot be called %s, a setting that there is already", s.Name)
			case strings.HasSuffix(s.Name, "_FILE"):
				diags.Errorf(s.Pos, "reserved-name", "a secret cannot be called %s: with _FILE behind, a name is that of a file with the secret", s.Name)
			case !m.HasHandwork():
				diags.Errorf(s.Pos, "unread-secret", "nobody reads %s: only operations are given secrets, and %s has none", s.Name, m.Name).WithHint("remove it, or declare an operation")
			}
			said[s.Name] = s
		}
	}
}
