package embedded_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
)

// eventually repeats check until it gives nil, for a minute at most.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still: %v", err)
		}
	}
}

// childrenWith lists our child processes whose command line or environment has the text.
func childrenWith(t *testing.T, text string) []int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, dir := range all {
		status, _ := os.ReadFile(dir + "/status") // processes come and go while we look
		command, _ := os.ReadFile(dir + "/cmdline")
		environment, _ := os.ReadFile(dir + "/environ")
		ours := strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", os.Getpid()))
		if ours && strings.Contains(string(command)+string(environment), text) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			found = append(found, pid)
		}
	}
	return found
}

func kill(t *testing.T, text string) {
	t.Helper()
	pids := childrenWith(t, text)
	if len(pids) != 1 {
		t.Fatalf("%d child processes have %s, want 1", len(pids), text)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func portOf(address string) string {
	_, after, _ := strings.Cut(address, "@127.0.0.1:")
	port, _, _ := strings.Cut(after, "/")
	return port
}

func execPostgres(t *testing.T, url, statement string) error {
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return err
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), statement)
	return err
}

func TestKilledPostgresComesBack(t *testing.T) {
	t.Parallel()
	url := start(t, embedded.Options{Dir: t.TempDir(), Postgres: true}).PostgresURL
	if err := execPostgres(t, url, "CREATE TABLE kept AS SELECT 1 AS a"); err != nil {
		t.Fatal(err)
	}
	kill(t, "port="+portOf(url))
	eventually(t, func() error { return execPostgres(t, url, "SELECT a FROM kept") })
}

func TestKilledClickHouseComesBack(t *testing.T) {
	t.Parallel()
	url := start(t, embedded.Options{Dir: t.TempDir(), ClickHouse: true}).ClickHouseURL
	conn := openClickHouse(t, url)
	execClickHouse(t, conn, "CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a", "INSERT INTO kept VALUES (7)")
	kill(t, "127.0.0.1:"+portOf(url))
	eventually(t, func() error {
		var a uint8
		err := conn.QueryRow(t.Context(), "SELECT a FROM kept").Scan(&a)
		if err == nil && a != 7 {
			t.Fatalf("kept %d, want 7", a)
		}
		return err
	})
}

func TestEnginesKeepTheirDataAndLeaveNothing(t *testing.T) {
	t.Parallel()
	options := embedded.Options{Dir: t.TempDir(), Postgres: true, ClickHouse: true, Kafka: true, Redis: true, NoSync: true}
	first, err := embedded.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := execPostgres(t, first.PostgresURL, "CREATE TABLE kept AS SELECT 1 AS a"); err != nil {
		t.Error(err)
	}
	execClickHouse(t, openClickHouse(t, first.ClickHouseURL), "CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a")
	produce(t, first.KafkaBrokers)
	began := time.Now()
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("Stop took %v", took)
	}
	for _, url := range []string{first.PostgresURL, first.ClickHouseURL} {
		if left := childrenWith(t, portOf(url)); len(left) > 0 {
			t.Errorf("processes %v are left of %s", left, url)
		}
	}
	second := start(t, options)
	if err := execPostgres(t, second.PostgresURL, "SELECT a FROM kept"); err != nil {
		t.Error(err)
	}
	execClickHouse(t, openClickHouse(t, second.ClickHouseURL), "SELECT a FROM kept")
	consume(t, second.KafkaBrokers)
}

func produce(t *testing.T, brokers []string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("kept"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), kgo.StringRecord("a")).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func consume(t *testing.T, brokers []string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("kept"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fetches := client.PollFetches(t.Context())
	if err := fetches.Err(); err != nil {
		t.Fatal(err)
	}
	if got := string(fetches.Records()[0].Value); got != "a" {
		t.Errorf("kept record %q, want a", got)
	}
}

func TestRedisKeysExpire(t *testing.T) {
	t.Parallel()
	options, err := redis.ParseURL(start(t, embedded.Options{Dir: t.TempDir(), Redis: true}).RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Set(t.Context(), "k", "v", 300*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if value, err := client.Get(t.Context(), "k").Result(); err != nil || value != "v" {
		t.Errorf("before its time is over: %q, %v", value, err)
	}
	eventually(t, func() error {
		if n := client.Exists(t.Context(), "k").Val(); n != 0 {
			return fmt.Errorf("the key exists")
		}
		return nil
	})
}

func TestFolderInUseIsRefused(t *testing.T) {
	t.Parallel()
	options := embedded.Options{Dir: t.TempDir(), Redis: true}
	start(t, options)
	_, err := embedded.Start(t.Context(), options)
	want := fmt.Sprintf("in use by pid %d", os.Getpid())
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), options.Dir) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}

func TestDataOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "postgres", "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, Postgres: true})
	if err == nil || !strings.Contains(err.Error(), "was made by PostgreSQL 9") {
		t.Errorf("got %v", err)
	}
}

func TestEnginesDieWithTheirOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerEnv+"="+dir)
	owner.Stderr = t.Output()
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Error(err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // it was killed
	if found, err := embedded.Find(dir); !errors.Is(err, embedded.ErrNotRunning) {
		t.Errorf("Find after the owner's death: %+v, %v", found, err)
	}
	for _, url := range strings.Fields(line) {
		eventually(t, func() error {
			conn, err := net.Dial("tcp", "127.0.0.1:"+portOf(url))
			if err == nil {
				conn.Close()
				return fmt.Errorf("%s is still served", url)
			}
			return nil
		})
	}
	// What the owner left is in order: new engines start on it.
	start(t, embedded.Options{Dir: dir, Postgres: true, ClickHouse: true})
}
