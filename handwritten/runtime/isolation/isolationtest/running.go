package isolationtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/isolation"
	"github.com/oksai/oksai/handwritten/runtime/outbox/outboxtest"
	"github.com/oksai/oksai/handwritten/runtime/service"
	"github.com/oksai/oksai/handwritten/runtime/service/servicetest"
	"github.com/oksai/oksai/handwritten/runtime/tenancy"
)

// Running is an app that runs in the test's own process, on engines of its own,
// which the proof looks into.
type Running struct {
	app     service.App
	dir     string
	log     servicetest.Transcript
	base    string
	foreign sync.Map // names of the reactions that do not follow the log
	// Engines are how the app's own engines are reached.
	Engines embedded.Endpoints
}

// Serve runs an app until the test ends. The test package's TestMain is enginetest.Main.
func Serve(t testing.TB, app service.App) *Running {
	t.Helper()
	r := &Running{dir: servicetest.DataFolder(t)}
	r.app = r.noting(app)
	ctx, stop := context.WithCancel(context.Background())
	code, ended := 0, make(chan struct{})
	go func() {
		defer close(ended)
		code = service.Execute(ctx, r.app, []string{"serve"}, r.environ(), io.Discard, &r.log)
	}()
	t.Cleanup(func() {
		stop()
		if <-ended; code != 0 {
			t.Errorf("%s ended with %d", app.Name, code)
		}
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", app.Name, r.log.End())
		}
	})
	outboxtest.Eventually(t, app.Name+" is ready", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s ended before it was ready", app.Name)
		default:
		}
		r.base = r.log.URL()
		return r.base != ""
	})
	var err error
	r.Engines, err = embedded.Find(r.dir)
	check(t, err)
	return r
}

// noting is the app that tells which of its reactions do not follow the log.
func (r *Running) noting(app service.App) service.App {
	assemble := app.Assemble
	app.Assemble = func(deps service.Deps, given service.Secrets, guard func(tenancy.Directory) httpx.Guard) ([]*service.Module, error) {
		modules, err := assemble(deps, given, guard)
		for _, m := range modules {
			for _, reaction := range m.Reactions {
				if reaction.Topic != "" {
					r.foreign.Store(reaction.Name, true)
				}
			}
		}
		return modules, err
	}
	return app
}

// command runs one of the app's commands and decodes the JSON that it prints.
func (r *Running) command(t testing.TB, into any, args ...string) {
	t.Helper()
	check(t, json.Unmarshal(r.output(t, args...), into))
}

func (r *Running) output(t testing.TB, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := service.Execute(t.Context(), r.app, args, r.environ(), &out, &errs); code != 0 {
		t.Fatalf("%s %s: %s", r.app.Name, strings.Join(args, " "), errs.String())
	}
	return out.Bytes()
}

func (r *Running) environ() []string {
	return append(os.Environ(), "OKSAI_DATA="+r.dir, "PORT=0", "LOG_LEVEL=INFO")
}

// Operate makes a request as an operator, which must be answered with 2xx.
func (r *Running) Operate(t testing.TB, method, path, body string) {
	t.Helper()
	a := r.send(t, r.token(t, "operator", uuid.Nil, authn.PlatformRole), call{Operation: isolation.Operation{Method: method, Path: path, Body: body}}, words{})
	if a.status >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %s", method, path, a.text)
	}
}

// token is of somebody with a role; a zero tenant is none.
func (r *Running) token(t testing.TB, user string, tenant uuid.UUID, role string) string {
	t.Helper()
	args := []string{"token", "--user", user, "--role", role}
	if tenant != uuid.Nil {
		args = append(args, "--tenant", tenant.String())
	}
	return strings.TrimSpace(string(r.output(t, args...)))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
