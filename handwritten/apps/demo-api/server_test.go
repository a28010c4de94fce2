package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is one running demo-api with its own engines.
type server struct {
	data  string
	env   []string // beside what all servers of these tests are given
	admin caller
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has ended
}

// dataFolder is short-lived and, unlike t.TempDir's, open to the engines' users.
func dataFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "demo-api-data-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serve starts the app on data, with more settings if there are any, and waits
// until it says where it listens.
func serve(t *testing.T, data string, env ...string) *server {
	t.Helper()
	path := filepath.Join(data, "dev.json")
	_ = os.Remove(path) // of an earlier process
	s := &server{data: data, env: env, cmd: exec.Command(binary, "serve"), ended: make(chan struct{})}
	s.cmd.Env = s.environ()
	var log bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &log, &log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		_ = s.cmd.Wait() // stop and kill judge how it ended
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", log.Bytes()[max(0, log.Len()-4000):])
		}
		if strings.Contains(log.String(), "DATA RACE") {
			t.Errorf("the server has a data race:\n%s", log.String())
		}
	})
	var dev struct {
		BaseURL string            `json:"base_url"`
		Tokens  map[string]string `json:"tokens"`
	}
	eventually(t, 90*time.Second, "dev.json", func() bool {
		select {
		case <-s.ended:
			t.Fatal("the server ended before it was ready")
		default:
		}
		raw, err := os.ReadFile(path)
		return err == nil && json.Unmarshal(raw, &dev) == nil
	})
	s.admin = caller{dev.BaseURL, dev.Tokens["PlatformAdmin"]}
	return s
}

func (s *server) environ() []string {
	return append(append(os.Environ(), "OKSAI_DATA="+s.data, "PORT=0", "LOG_LEVEL=WARN"), s.env...)
}

// tenant opens a tenant and returns its id and a member of it.
func (s *server) tenant(t *testing.T, slug string) (string, caller) {
	t.Helper()
	body := fmt.Sprintf(`{"name": "Tenant %s", "slug": %q}`, slug, slug)
	id := decode[object](t, s.admin.must(t, 201, "POST", "/tenants", body)).ID
	return id, caller{s.admin.base, s.token(t, "--tenant", id, "--role", "TenantMember", "--user", "member-of-"+slug)}
}

// token runs the token command.
func (s *server) token(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"token"}, args...)...)
	cmd.Env = s.environ()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("token %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// stop asks the server to end and checks that it does, in time and with all it started.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.end(t, syscall.SIGTERM)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server ended with code %d", code)
	}
}

// kill ends the server without a warning; its engines must follow it.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.end(t, syscall.SIGKILL)
}

func (s *server) end(t *testing.T, how syscall.Signal) {
	t.Helper()
	engines := descendants(strconv.Itoa(s.cmd.Process.Pid))
	if len(engines) == 0 {
		t.Fatal("the server has no engines: the check below would prove nothing")
	}
	if err := s.cmd.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("the server still runs 10 s after %v", how)
	}
	eventually(t, 10*time.Second, "the end of the engines", func() bool { return !slices.ContainsFunc(engines, running) })
}
