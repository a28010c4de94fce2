// Package enginetest gives tests real engines. An engine is started at its
// first use in a test process and shared by the process's tests; each test gets
// a database, or a broker, of its own.
//
// A test package that uses it has
//
//	func TestMain(m *testing.M) { enginetest.Main(m) }
package enginetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"go.uber.org/goleak"
)

// engine is one engine of the test process.
type engine struct {
	name    string
	choose  func(*embedded.Options)
	mu      sync.Mutex
	dir     string
	running *embedded.Engines
	err     error
}

// The engines of the test process. They are package state on purpose: tests
// share nothing else through which they could find them.
var (
	postgres   = &engine{name: "postgres", choose: func(o *embedded.Options) { o.Postgres = true }}
	clickhouse = &engine{name: "clickhouse", choose: func(o *embedded.Options) { o.ClickHouse = true }}
)

// Tests is a test process's tests: *testing.M, or what wraps it to prepare more.
type Tests interface {
	// Run runs the tests and returns the process's exit code.
	Run() int
}

// Main runs the tests, stops the engines they used, and ends the process. It
// fails the run when goroutines are left over, with the options given for
// those that are none of ours.
func Main(tests Tests, known ...goleak.Option) {
	embedded.MaybeChild()
	os.Exit(runTests(tests, known))
}

func runTests(tests Tests, known []goleak.Option) int {
	code := tests.Run()
	for _, e := range []*engine{postgres, clickhouse} {
		if err := e.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	if code == 0 {
		if err := goleak.Find(known...); err != nil {
			fmt.Fprintln(os.Stderr, "enginetest: goroutines are left when all tests are done:", err)
			return 1
		}
	}
	return code
}

// get is the running engine, started when it is the first use.
func (e *engine) get(t testing.TB) *embedded.Engines {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == nil && e.err == nil {
		e.err = e.start()
	}
	if e.err != nil {
		t.Fatalf("enginetest: %v", e.err)
	}
	return e.running
}

func (e *engine) start() error {
	dir, err := os.MkdirTemp("", "enginetest-"+e.name+"-")
	if err != nil {
		return err
	}
	e.dir = dir
	options := embedded.Options{Dir: dir, NoSync: true, Log: slog.New(slog.DiscardHandler)}
	e.choose(&options)
	e.running, err = embedded.Start(context.Background(), options)
	return err
}

// stop stops the engine, if any test used it, and removes its data.
func (e *engine) stop() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running != nil {
		if err := e.running.Stop(context.Background()); err != nil {
			return fmt.Errorf("enginetest: stop %s: %w", e.name, err)
		}
	}
	if e.dir != "" {
		return os.RemoveAll(e.dir)
	}
	return nil
}

// databaseName makes a name that no other test has, with the test's own in it.
func databaseName(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(filepath.Base(t.Name())))
	return fmt.Sprintf("t_%.30s_%s", name, strings.ToLower(rand.Text()[:10]))
}
