package service

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is what an operator can set, each by an environment variable; a name
// with _FILE appended names a file that holds the value, for secrets. An engine
// without an endpoint is started by the app itself, in DataDir.
type Config struct {
	DatabaseURL    string         `env:"DATABASE_URL"`
	ClickHouseURL  string         `env:"CLICKHOUSE_URL"`
	KafkaBrokers   []string       `env:"KAFKA_BROKERS"`
	RedisURL       string         `env:"REDIS_URL"`
	Host           string         `env:"HOST" envDefault:"127.0.0.1"`
	Port           int            `env:"PORT"` // default: the app's own; 0 takes a free one
	LogLevel       slog.Level     `env:"LOG_LEVEL" envDefault:"INFO"`
	DataDir        string         `env:"OKSAI_DATA" envDefault:".oksai"`
	JWKSURL        string         `env:"AUTH_JWKS_URL"`
	JWKSFile       string         `env:"AUTH_JWKS_PATH"`
	Issuer         string         `env:"AUTH_ISSUER"`
	Audience       string         `env:"AUTH_AUDIENCE"`
	External       string         `env:"AUTH_EXTERNAL"`
	SigningSecret  string         `env:"SIGNING_SECRET"`
	FirstOperators []string       `env:"PLATFORM_OPERATORS"`
	SMTPURL        string         `env:"SMTP_URL"`
	MailFrom       string         `env:"MAIL_FROM"`
	Proxies        []netip.Prefix `env:"TRUSTED_PROXIES"`
	CursorSecret   string         `env:"CURSOR_SECRET"`
	LimitConfig
	ClockFile  string        `env:"OKSAI_CLOCK"` // for tests: see clockAhead
	DrainDelay time.Duration `env:"DRAIN_DELAY" envDefault:"0s"`
	StopGrace  time.Duration `env:"STOP_GRACE" envDefault:"8s"`

	// shared: DATABASE_URL was set, so others use the database, too.
	shared  bool
	ahead   func() time.Time // with ClockFile
	secrets Secrets
}

// secretsFromFiles are the variables that may be given as a file, beside the modules' secrets.
var secretsFromFiles = []string{"DATABASE_URL", "CLICKHOUSE_URL", "REDIS_URL", "CURSOR_SECRET", "SIGNING_SECRET", "AUTH_EXTERNAL", "SMTP_URL"}

// LoadConfig reads the environment (KEY=VALUE pairs) and reports all mistakes at
// once; declared are the names of the modules' secrets.
func LoadConfig(environ []string, defaultPort int, declared ...string) (Config, error) {
	vars := env.ToMap(environ)
	c := Config{Port: defaultPort}
	errs := readSecretFiles(vars, slices.Concat(secretsFromFiles, declared))
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		errs = append(errs, parseErrors(err)...)
	}
	c.shared = !c.embedsDatabase()
	errs = append(errs, c.validate()...)
	secrets, mistakes := readSecrets(vars, declared)
	c.secrets, errs = secrets, append(errs, mistakes...)
	if c.ClockFile != "" {
		var err error
		c.ahead, err = clockAhead(c.ClockFile)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return Config{}, fmt.Errorf("the settings cannot be used:\n%w", err)
	}
	return c, nil
}

func readSecretFiles(vars map[string]string, names []string) (errs []error) {
	for _, name := range names {
		path := vars[name+"_FILE"]
		if path == "" {
			continue
		}
		if vars[name] != "" {
			errs = append(errs, fmt.Errorf("%s and %s_FILE are both set: keep one", name, name))
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s_FILE: %w", name, err))
			continue
		}
		vars[name] = strings.TrimSpace(string(text))
	}
	return errs
}

// parseErrors says which variables cannot be read.
func parseErrors(err error) []error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []error{err}
	}
	errs := make([]error, len(all.Errors))
	for i, err := range all.Errors {
		errs[i] = err
		var parse env.ParseError
		if field, ok := reflect.TypeFor[Config](), errors.As(err, &parse); ok {
			f, _ := field.FieldByName(parse.Name)
			errs[i] = fmt.Errorf("%s: %w", f.Tag.Get("env"), parse.Err)
		}
	}
	return errs
}

func (c Config) validate() (errs []error) {
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.Port >= 0 && c.Port <= 65535, "PORT is %d: use 0 (any free port) to 65535", c.Port)
	check(c.DatabaseURL == "" || hasScheme(c.DatabaseURL, "postgres", "postgresql"), "DATABASE_URL must look like postgres://user:password@host:5432/database")
	check(c.ClickHouseURL == "" || hasScheme(c.ClickHouseURL, "http", "https"), "CLICKHOUSE_URL must look like http://user:password@host:8123/database")
	check(c.RedisURL == "" || hasScheme(c.RedisURL, "redis", "rediss"), "REDIS_URL must look like redis://host:6379/0")
	check(c.JWKSURL == "" || c.JWKSFile == "", "AUTH_JWKS_URL and AUTH_JWKS_PATH are both set: keep one")
	check(!c.trustsIssuer() || (c.Issuer != "" && c.Audience != ""), "AUTH_ISSUER and AUTH_AUDIENCE must be set together with AUTH_JWKS_URL or AUTH_JWKS_PATH")
	check(c.SigningSecret != "" || !c.shared, "DATABASE_URL is set, so all apps and replicas must share SIGNING_SECRET: make one with `openssl rand -base64 32`")
	check((c.SMTPURL == "") == (c.MailFrom == ""), "SMTP_URL and MAIL_FROM must be set together")
	for _, parse := range []func() error{
		func() error { _, err := c.external(); return err },
		func() error { _, err := c.mailer(); return err },
		func() error { return c.checkSigningSecret() },
	} {
		if err := parse(); err != nil {
			errs = append(errs, err)
		}
	}
	check(min(c.RateLimitTenant, c.RateLimitPrincipal, c.RateLimitPublic) > 0, "RATE_LIMIT_TENANT is %v, RATE_LIMIT_PRINCIPAL %v and RATE_LIMIT_PUBLIC %v: all must be more than 0 calls per second", c.RateLimitTenant, c.RateLimitPrincipal, c.RateLimitPublic)
	check(c.DrainDelay >= 0 && c.StopGrace >= 0, "DRAIN_DELAY is %s and STOP_GRACE %s: neither can be negative", c.DrainDelay, c.StopGrace)
	check(c.CursorSecret == "" || len(c.CursorSecret) >= 32, "CURSOR_SECRET has %d characters: use at least 32", len(c.CursorSecret))
	check(c.CursorSecret != "" || c.embedsDatabase(), "DATABASE_URL is set, so replicas must share CURSOR_SECRET (at least 32 characters)")
	return errs
}

func (c Config) logger(to io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: c.LogLevel}))
}

// StopTime is how long an app may take to stop, without engines of its own:
// whoever kills it must wait longer.
func (c Config) StopTime() time.Duration { return c.DrainDelay + c.StopGrace }

// requestsGrace is what requests have of the time: the rest is for what they run
// on, which ends after them.
func (c Config) requestsGrace() time.Duration { return c.StopGrace * 3 / 4 }

// trustsIssuer reports whether an issuer whose tokens say what ours do is configured.
func (c Config) trustsIssuer() bool { return c.JWKSURL != "" || c.JWKSFile != "" }

// ownKeys reports whether the app signs and accepts development tokens.
func (c Config) ownKeys() bool { return !c.trustsIssuer() && !c.shared }

func (c Config) embedsDatabase() bool { return c.DatabaseURL == "" }

// embedsAny reports whether the app starts any engine itself.
func (c Config) embedsAny() bool {
	return c.DatabaseURL == "" || c.ClickHouseURL == "" || len(c.KafkaBrokers) == 0 || c.RedisURL == ""
}

func hasScheme(raw string, schemes ...string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return false
	}
	for _, s := range schemes {
		if u.Scheme == s {
			return true
		}
	}
	return false
}

// Redacted returns the settings for people to read, secrets hidden.
func (c Config) Redacted() map[string]any {
	shown := map[string]any{
		"DATABASE_URL": redactURL(c.DatabaseURL, "(embedded)"), "CLICKHOUSE_URL": redactURL(c.ClickHouseURL, "(embedded)"),
		"KAFKA_BROKERS": cmp.Or(strings.Join(c.KafkaBrokers, ","), "(embedded)"), "REDIS_URL": redactURL(c.RedisURL, "(embedded)"),
		"HOST": c.Host, "PORT": c.Port, "LOG_LEVEL": c.LogLevel.String(), "OKSAI_DATA": c.DataDir, "OKSAI_CLOCK": c.ClockFile,
		"AUTH_JWKS_URL": c.JWKSURL, "AUTH_JWKS_PATH": c.JWKSFile, "AUTH_ISSUER": c.Issuer, "AUTH_AUDIENCE": c.Audience,
		"AUTH_EXTERNAL": c.External, "PLATFORM_OPERATORS": strings.Join(c.FirstOperators, ","), "SMTP_URL": redactURL(c.SMTPURL, "(none)"), "MAIL_FROM": c.MailFrom,
		"TRUSTED_PROXIES":   strings.Trim(fmt.Sprint(c.Proxies), "[]"),
		"SIGNING_SECRET":    map[bool]string{true: "(set)", false: "(in the data folder)"}[c.SigningSecret != ""],
		"CURSOR_SECRET":     map[bool]string{true: "(set)", false: "(made at start)"}[c.CursorSecret != ""],
		"RATE_LIMIT_TENANT": c.RateLimitTenant, "RATE_LIMIT_PRINCIPAL": c.RateLimitPrincipal, "RATE_LIMIT_PUBLIC": c.RateLimitPublic,
		"DRAIN_DELAY": c.DrainDelay.String(), "STOP_GRACE": c.StopGrace.String(),
	}
	maps.Copy(shown, c.redactedSecrets())
	return shown
}

func redactURL(raw, none string) string {
	if raw == "" {
		return none
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable)"
	}
	return u.Redacted()
}
