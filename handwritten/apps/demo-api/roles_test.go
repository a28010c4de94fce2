package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

// shared is a platform whose engines and tokens are none of its processes'.
type shared struct {
	env     []string
	keys    *authn.DevKeys
	brokers []string
}

func newShared(t *testing.T) *shared {
	t.Helper()
	data := dataFolder(t)
	engines, err := embedded.Start(t.Context(), embedded.Options{
		Dir: filepath.Join(data, "engines"), Log: slog.New(slog.DiscardHandler), NoSync: true,
		Postgres: true, ClickHouse: true, Kafka: true, Redis: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engines.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	keys, err := authn.LoadDevKeys(filepath.Join(data, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	jwks := filepath.Join(data, "jwks.json")
	if err := os.WriteFile(jwks, keys.JWKS(), 0o644); err != nil {
		t.Fatal(err)
	}
	return &shared{keys: keys, brokers: engines.KafkaBrokers, env: append(os.Environ(),
		"DATABASE_URL="+engines.PostgresURL, "CLICKHOUSE_URL="+engines.ClickHouseURL,
		"KAFKA_BROKERS="+engines.KafkaBrokers[0], "REDIS_URL="+engines.RedisURL,
		"AUTH_JWKS_PATH="+jwks, "AUTH_ISSUER=test", "AUTH_AUDIENCE=test", "CURSOR_SECRET="+strings.Repeat("s", 40),
		"OKSAI_DATA="+filepath.Join(data, "unused"), "PORT=0",
	)}
}

func (s *shared) caller(t *testing.T, base string, tenant uuid.UUID, role string) caller {
	t.Helper()
	token, err := s.keys.Issue(authn.Grant{
		Issuer: "test", Audience: "test", NotBefore: time.Now().Add(-time.Minute), Expiry: time.Now().Add(time.Hour),
		Principal: authn.Principal{Subject: "tester", Tenant: tenant, Roles: []string{role}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return caller{base, token}
}

// output is what a process prints, to be read while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var readyLine = regexp.MustCompile(`"msg":"ready".*"url":"([^"]+)"`)

// start runs one part of the app and returns where it listens, and how to kill it.
func (s *shared) start(t *testing.T, command string) (base string, kill func()) {
	t.Helper()
	var killed bool
	var log output
	cmd := exec.Command(binary, command)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil && !killed || t.Failed() || strings.Contains(log.String(), "DATA RACE") {
			t.Errorf("%s ended with %v:\n%s", command, err, log.String())
		}
	})
	eventually(t, 60*time.Second, command+" is ready", func() bool {
		if found := readyLine.FindStringSubmatch(log.String()); found != nil {
			base = found[1]
		}
		return base != ""
	})
	return base, func() {
		killed = true
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
}

// settle waits until all consumers have shared their partitions out to so many workers.
func (s *shared) settle(t *testing.T, workers int) {
	t.Helper()
	client, err := kadm.NewOptClient(kgo.SeedBrokers(s.brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	eventually(t, 60*time.Second, "all groups are settled", func() bool {
		groups, err := client.DescribeGroups(t.Context())
		for _, group := range groups {
			if group.State != "Stable" || len(group.Members) != workers {
				return false
			}
		}
		return err == nil && len(groups) > 0
	})
}

func leads(t *testing.T, worker caller) bool {
	t.Helper()
	return strings.Contains(string(worker.must(t, 200, "GET", "/metrics", "").body), "\noksai_relay_leading 1\n")
}

// TestWorkerThatIsKilledIsReplacedWithinTenSeconds: both the relay that it led
// and the partitions that it owned go over to the other one.
func TestWorkerThatIsKilledIsReplacedWithinTenSeconds(t *testing.T) {
	s := newShared(t)
	api, _ := s.start(t, "api")
	first, killFirst := s.start(t, "worker")
	eventually(t, 30*time.Second, "the first worker leads", func() bool { return leads(t, caller{base: first}) })
	second, _ := s.start(t, "worker")
	s.settle(t, 2)
	admin := s.caller(t, api, uuid.Nil, "PlatformAdmin")
	tenant := decode[object](t, admin.must(t, 201, "POST", "/tenants", `{"name": "Heirs", "slug": "heirs"}`)).ID
	member := s.caller(t, api, uuid.MustParse(tenant), "TenantMember")
	healed(t, member, member.must(t, 201, "POST", "/jobs", `{"title": "before"}`).seen(), 1)

	killFirst()
	began := time.Now()
	seen := member.must(t, 201, "POST", "/jobs", `{"title": "after"}`).seen()
	healed(t, member, seen, 2)
	eventually(t, 30*time.Second, "the second worker leads", func() bool { return leads(t, caller{base: second}) })
	// The partitions went over too, as the list showed.
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("replaced after %v, want within 10 s", took)
	}
}

// TestRoles: an API and a worker are one app together, on engines that they share.
func TestRoles(t *testing.T) {
	s := newShared(t)
	api, _ := s.start(t, "api")
	admin := s.caller(t, api, uuid.Nil, "PlatformAdmin")
	tenant := decode[object](t, admin.must(t, 201, "POST", "/tenants", `{"name": "Roles", "slug": "roles"}`)).ID
	member := s.caller(t, api, uuid.MustParse(tenant), "TenantMember")
	job := member.must(t, 201, "POST", "/jobs", `{"title": "waits for a worker"}`)
	member.must(t, 200, "GET", "/jobs/"+decode[object](t, job).ID, "")
	wantProblem(t, member.do(t, "GET", "/jobs", ""), 503, "UNAVAILABLE")

	worker, _ := s.start(t, "worker")
	healed(t, member, job.seen(), 1)
	member.base = worker
	wantProblem(t, member.do(t, "GET", "/jobs", ""), 404, "NO_SUCH_PATH")
	member.must(t, 200, "GET", "/health/ready", "")
	if !leads(t, member) {
		t.Error("the worker's relay does not lead")
	}
	member.base = api
	if leads(t, member) {
		t.Error("the API's process publishes")
	}
}

// TestPartOfAnAppNeedsSharedEngines: engines of its own would be nobody else's.
func TestPartOfAnAppNeedsSharedEngines(t *testing.T) {
	for _, command := range []string{"api", "worker"} {
		cmd := exec.Command(binary, command)
		cmd.Env = append(os.Environ(), "OKSAI_DATA="+t.TempDir(), "REDIS_URL=redis://127.0.0.1:1/0")
		out, err := cmd.CombinedOutput()
		if want := "set DATABASE_URL, CLICKHOUSE_URL, KAFKA_BROKERS, or run serve"; err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v: %s", command, err, out)
		}
	}
}
