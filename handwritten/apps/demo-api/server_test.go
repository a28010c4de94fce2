package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// How long a server may take to start, engines included, and to end.
const (
	readyWithin = 90 * time.Second
	endWithin   = 10 * time.Second
)

// server is one running demo-api.
type server struct {
	place
	admin   caller
	cmd     *exec.Cmd
	log     transcript
	errors  transcript    // what is in log from standard error
	engines []string      // process ids, when it was told to end
	ended   chan struct{} // closed when the process has ended
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
	_ = os.Remove(at.devFile()) // of an earlier process
	s := &server{place: at, cmd: exec.Command(binary, part), ended: make(chan struct{})}
	s.cmd.Env = at.environ()
	s.cmd.Stdout, s.cmd.Stderr = &s.log, io.MultiWriter(&s.log, &s.errors)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		_ = s.cmd.Wait() // stop and kill judge how it ended
	}()
	t.Cleanup(func() {
		if t.Failed() {
			s.diagnose(t)
		}
		_ = s.cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", s.log.end())
		}
		if log := s.log.String(); strings.Contains(log, "DATA RACE") {
			t.Errorf("the server has a data race:\n%s", log)
		}
	})
	return s
}

// await waits until the server says where it listens.
func (s *server) await(t *testing.T) {
	t.Helper()
	ready := s.readDevFile
	if s.keys != nil {
		s.admin.token = s.token(t, "admin", "", "PlatformAdmin")
		ready = s.readLog
	}
	eventually(t, readyWithin, "the server's address", func() bool {
		select {
		case <-s.ended:
			t.Fatal("the server ended before it was ready")
		default:
		}
		return ready()
	})
}

// readDevFile is how scripts find a server with engines of its own.
func (s *server) readDevFile() bool {
	var dev struct {
		BaseURL string            `json:"base_url"`
		Tokens  map[string]string `json:"tokens"`
	}
	raw, err := os.ReadFile(s.devFile())
	if err != nil || json.Unmarshal(raw, &dev) != nil {
		return false
	}
	s.admin = caller{dev.BaseURL, dev.Tokens["PlatformAdmin"]}
	return true
}

func (s *server) readLog() bool {
	s.admin.base = s.log.address()
	return s.admin.base != ""
}

// tenant opens a tenant on the plan that does not bound its calls, and returns
// its id and a member of it.
func (s *server) tenant(t *testing.T, slug string) (string, caller) {
	t.Helper()
	id, member := s.freeTenant(t, slug)
	s.admin.must(t, 200, "POST", "/tenants/"+id+"/change-plan", `{"plan": "enterprise"}`)
	return id, member
}

// freeTenant opens one on the plan that every tenant begins with.
func (s *server) freeTenant(t *testing.T, slug string) (string, caller) {
	t.Helper()
	body := fmt.Sprintf(`{"name": "Tenant %s", "slug": %q}`, slug, slug)
	id := decode[object](t, s.admin.must(t, 201, "POST", "/tenants", body)).ID
	return id, caller{s.admin.base, s.token(t, "member-of-"+slug, id, "TenantMember")}
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
	s.awaitEnd(t)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server ended with code %d", code)
	}
}

// kill ends the server without a warning; its engines must follow it.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	s.awaitEnd(t)
}

func (s *server) signal(t *testing.T, how syscall.Signal) {
	t.Helper()
	s.engines = descendants(strconv.Itoa(s.cmd.Process.Pid))
	if shared := s.keys != nil; shared != (len(s.engines) == 0) {
		t.Fatalf("the server has the engines %v: that they end would prove nothing", s.engines)
	}
	if err := s.cmd.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
}

func (s *server) awaitEnd(t *testing.T) {
	t.Helper()
	began := time.Now()
	defer func() { t.Logf("the server ended within %v", time.Since(began)) }()
	select {
	case <-s.ended:
	case <-time.After(endWithin):
		t.Fatalf("the server still runs %v after it was told to end", endWithin)
	}
	eventually(t, endWithin, "the end of the engines", func() bool { return !slices.ContainsFunc(s.engines, running) })
}
