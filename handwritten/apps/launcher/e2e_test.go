package main

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/service/servicetest"
)

// readyWithin is how long the platform may take to start, and to build its read models.
const readyWithin = 120 * time.Second

func TestMain(m *testing.M) { apptest.Main(m, "../...") }

// platform is a launcher and what it told in dev.json.
type platform struct {
	*apptest.Process
	apptest.Dev
	data string
}

// launch starts the platform on engines of its own and waits until it is ready,
// its lists too.
func launch(t *testing.T, settings ...string) *platform {
	t.Helper()
	data := servicetest.DataFolder(t)
	p := &platform{Process: apptest.Start(t, command(data, settings...)), data: data}
	p.AwaitReady(t, readyWithin, "dev.json", func() (there bool) {
		p.Dev, there = apptest.ReadDev(data)
		return there
	})
	enginetest.Eventually(t, readyWithin, "all read models are built", func() bool {
		return !slices.ContainsFunc(p.consumers(t), func(c consumer) bool { return c.Kind == "projection" && c.Status != "built" })
	})
	return p
}

func command(data string, settings ...string) *exec.Cmd {
	return apptest.Command(data, settings, "launcher")
}

// end tells the launcher to end and checks that nothing of it is left in time.
func (p *platform) end(t *testing.T, how syscall.Signal) (code int) {
	t.Helper()
	if children := p.Signal(t, how); len(children) < len(p.Apps)+2 {
		t.Fatalf("the launcher has the children %v: that they end would prove nothing", children)
	}
	return p.AwaitEnd(t)
}

// as is a user of the demo tenant, or an operator.
func (p *platform) as(role, app string) apptest.Caller {
	return apptest.Caller{Base: p.Apps[app], Token: p.Tokens[role]}
}

// token is a development token by the platform's clock.
func (p *platform) token(t *testing.T, role string, settings ...string) string {
	t.Helper()
	return strings.TrimSpace(apptest.Output(t, apptest.Command(p.data, settings, "platform-api", "token", "--role", role)))
}

// database is a connection to the embedded PostgreSQL, as its superuser.
func (p *platform) database(t *testing.T) *pgx.Conn {
	t.Helper()
	engines, err := embedded.Find(p.data)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), engines.PostgresURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// process is the pid of an app; 0 while it does not run.
func (p *platform) process(t *testing.T, app string) int {
	t.Helper()
	for pid, line := range p.Started(t) {
		if strings.HasPrefix(line, apptest.Program(app)+" ") {
			return pid
		}
	}
	return 0
}

// listed is a list's first page.
func listed[T any](t *testing.T, who apptest.Caller, path string, headers ...string) []T {
	t.Helper()
	return apptest.Decode[struct{ Items []T }](t, who.Must(t, 200, "GET", path, "", headers...)).Items
}
