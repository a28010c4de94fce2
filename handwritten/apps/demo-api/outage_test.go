package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/service/servicetest"
)

// worksOn checks that commands and reads by id go on, and returns the last command's token.
func worksOn(t *testing.T, c apptest.Caller) (seen string) {
	t.Helper()
	for range 3 {
		id := c.Must(t, 201, "POST", "/jobs", `{"title": "during the outage"}`).Object(t).ID
		seen = c.Must(t, 200, "POST", "/jobs/"+id+"/start", "").Seen()
		if got := c.Must(t, 200, "GET", "/jobs/"+id, "").Object(t); got.Status != "in_progress" {
			t.Errorf("job %s is %+v", id, got)
		}
	}
	return seen
}

// healed waits until lists show all that happened, without anybody's doing.
func healed(t *testing.T, c apptest.Caller, seen string, jobs int) {
	t.Helper()
	enginetest.Eventually(t, apptest.HealWithin, "a list that shows the last write", func() bool {
		return c.Do(t, "GET", "/jobs", "", "Oksai-Consistency", seen).Status == 200
	})
	if rows := apptest.List[jobRow](t, c, "/jobs", seen); len(rows) != jobs {
		t.Errorf("%d jobs are listed, want %d", len(rows), jobs)
	}
}

func (s *server) wantReady(t *testing.T, status int, body string) {
	t.Helper()
	enginetest.Eventually(t, 30*time.Second, "/health/ready says "+body, func() bool {
		a := s.admin.Do(t, "GET", "/health/ready", "")
		return a.Status == status && strings.TrimSpace(a.Body) == body
	})
}

// wantEntries: what the server writes to standard error is all entries of its log, some of them with that message.
func (s *server) wantEntries(t *testing.T, message string) {
	t.Helper()
	found := false
	for line := range strings.Lines(s.Errors.String()) {
		var entry struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("this is no entry of a log: %s", line)
		}
		found = found || entry.Msg == message
	}
	if !found {
		t.Errorf("the log has no entry %q", message)
	}
}

// clickHouse is the process that runs the embedded ClickHouse.
func (s *server) clickHouse(t *testing.T) int {
	t.Helper()
	for pid, command := range s.Started(t) {
		environ, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if bytes.Contains(environ, []byte("OKSAI_EMBEDDED_CHILD=")) || strings.Contains(command, "clickhouse") {
			return pid
		}
	}
	t.Fatal("no child of the server is a ClickHouse")
	return 0
}

func TestClickHouseThatDiesStopsNoCommand(t *testing.T) {
	s := serve(t, ownEngines(t))
	_, c := s.tenant(t, "outage")
	worksOn(t, c)
	dead := s.clickHouse(t)
	if err := syscall.Kill(dead, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	healed(t, c, worksOn(t, c), 6)
	if s.clickHouse(t) == dead {
		t.Error("ClickHouse was not started again")
	}
	s.stop(t)
}

func TestWithoutClickHouseListsSayWhatToDoAndTheNextStartCatchesUp(t *testing.T) {
	at := ownEngines(t)
	s := serve(t, at.with("PATH="+t.TempDir(), "OKSAI_CHDB_LIB=", "OKSAI_CACHE="+cacheWithoutClickHouse(t)))
	s.wantReady(t, 200, `{"status":"degraded","checks":{"clickhouse":"unavailable","database":"ok","redis":"ok"}}`)
	_, c := s.tenant(t, "poor")
	seen := worksOn(t, c)
	a := c.Do(t, "GET", "/jobs", "")
	a.WantProblem(t, 503, "UNAVAILABLE")
	if !strings.Contains(a.Body, "CLICKHOUSE_URL") {
		t.Errorf("the answer does not say what to do: %s", a.Body)
	}
	s.stop(t)
	s = serve(t, at)
	c.Base = s.admin.Base
	healed(t, c, seen, 3)
	s.stop(t)
}

// cacheWithoutClickHouse has all downloaded engines but that one.
func cacheWithoutClickHouse(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("OKSAI_CACHE")
	if cache == "" && os.Geteuid() == 0 {
		cache = "/var/cache/oksai"
	} else if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(base, "oksai")
	}
	poor := servicetest.DataFolder(t)
	engines, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range engines {
		if name := filepath.Base(engine); !strings.HasPrefix(name, "chdb") && !strings.HasSuffix(name, ".lock") {
			if err := os.Symlink(engine, filepath.Join(poor, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return poor
}

func TestRedisThatDiesOnlySlowsThings(t *testing.T) {
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, ownEngines(t).with("REDIS_URL=redis://"+redis.Addr()+"/0"))
	s.wantReady(t, 200, `{"status":"ok","checks":{"clickhouse":"ok","database":"ok","redis":"ok"}}`)
	_, c := s.tenant(t, "cacheless")
	worksOn(t, c)
	redis.FlushAll()
	redis.Close()
	healed(t, c, worksOn(t, c), 6)
	s.wantReady(t, 200, `{"status":"degraded","checks":{"clickhouse":"ok","database":"ok","redis":"unavailable"}}`)
	// A process that starts meanwhile serves as well.
	s.stop(t)
	s = serve(t, s.place)
	c.Base = s.admin.Base
	healed(t, c, worksOn(t, c), 9)
	s.wantEntries(t, "Redis client")
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	enginetest.Eventually(t, apptest.HealWithin, "Redis is used again", func() bool { worksOn(t, c); return len(redis.Keys()) > 0 })
	s.wantReady(t, 200, `{"status":"ok","checks":{"clickhouse":"ok","database":"ok","redis":"ok"}}`)
	s.stop(t)
}

func TestKafkaThatIsAwayStopsNoCommand(t *testing.T) {
	data := t.TempDir()
	broker := func(port int) *kfake.Cluster {
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.DataDir(data))
		if err != nil {
			t.Fatal(err)
		}
		return cluster
	}
	kafka := broker(0)
	address := kafka.ListenAddrs()[0]
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, ownEngines(t).with("KAFKA_BROKERS="+address))
	_, c := s.tenant(t, "busless")
	healed(t, c, worksOn(t, c), 3)
	kafka.Close()
	seen := worksOn(t, c)
	kafka = broker(port)
	defer kafka.Close()
	healed(t, c, seen, 6)
	s.stop(t)
}
