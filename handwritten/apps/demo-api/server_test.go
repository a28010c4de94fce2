package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
)

// readyWithin is how long a server may take to start, engines included.
const readyWithin = 90 * time.Second

// server is one running demo-api.
type server struct {
	place
	*apptest.Process
	admin apptest.Caller
}

// serve starts the whole app and waits until it is ready.
func serve(t *testing.T, at place) *server {
	t.Helper()
	return startPart(t, at, "serve")
}

// startPart starts one part of the app and waits until it is ready.
func startPart(t *testing.T, at place, part string) *server {
	t.Helper()
	s := start(t, at, part)
	s.await(t)
	return s
}

func start(t *testing.T, at place, part string) *server {
	t.Helper()
	_ = os.Remove(filepath.Join(at.data, "dev.json")) // of an earlier process
	s := &server{place: at, Process: apptest.Start(t, at.command(part))}
	t.Cleanup(func() {
		if t.Failed() {
			s.diagnose(t)
		}
	})
	return s
}

// await waits until the server says where it listens.
func (s *server) await(t *testing.T) {
	t.Helper()
	ready := s.readDev
	if s.keys != nil {
		s.admin.Token = s.token(t, "admin", "", "PlatformAdmin")
		ready = s.readLog
	}
	s.AwaitReady(t, readyWithin, "the server's address", ready)
}

// readDev is how scripts find a server with engines of its own.
func (s *server) readDev() bool {
	dev, there := apptest.ReadDev(s.data)
	s.admin = apptest.Caller{Base: dev.BaseURL, Token: dev.Tokens["PlatformAdmin"]}
	return there
}

func (s *server) readLog() bool {
	s.admin.Base = s.Log.URL()
	return s.admin.Base != ""
}

// tenant opens a tenant on the plan that does not bound its calls, and returns
// its id and a member of it.
func (s *server) tenant(t *testing.T, slug string) (string, apptest.Caller) {
	t.Helper()
	id, member := s.freeTenant(t, slug)
	s.admin.Must(t, 200, "POST", "/tenants/"+id+"/change-plan", `{"plan": "enterprise"}`)
	return id, member
}

// freeTenant opens one on the plan that every tenant begins with.
func (s *server) freeTenant(t *testing.T, slug string) (string, apptest.Caller) {
	t.Helper()
	body := fmt.Sprintf(`{"name": "Tenant %s", "slug": %q}`, slug, slug)
	id := s.admin.Must(t, 201, "POST", "/tenants", body).Object(t).ID
	return id, apptest.Caller{Base: s.admin.Base, Token: s.token(t, "member-of-"+slug, id, "TenantMember")}
}

// stop asks the server to end and checks that it does, in time and with all it started.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGTERM)
	s.awaitStop(t)
}

// awaitStop checks how the server ends that was asked to.
func (s *server) awaitStop(t *testing.T) {
	t.Helper()
	if code := s.AwaitEnd(t); code != 0 {
		t.Errorf("the server ended with code %d", code)
	}
}

// kill ends the server without a warning; its engines must follow it.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	s.AwaitEnd(t)
}

func (s *server) signal(t *testing.T, how syscall.Signal) {
	t.Helper()
	engines := s.Signal(t, how)
	if shared := s.keys != nil; shared != (len(engines) == 0) {
		t.Fatalf("the server has the engines %v: that they end would prove nothing", engines)
	}
}
