package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// How long the platform may take to start, read models to be taken over, and all to end.
const (
	readyWithin = 120 * time.Second
	healWithin  = 60 * time.Second
	endWithin   = 10 * time.Second
)

// programs is the folder of the launcher and the apps, built once with the race detector.
var programs string

func TestMain(m *testing.M) { enginetest.Main(withPrograms{m}) }

type withPrograms struct{ tests *testing.M }

func (p withPrograms) Run() int {
	dir, err := os.MkdirTemp("/tmp", "launcher-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "folder for the programs:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir + "/"
	if out, err := exec.Command("go", "build", "-race", "-o", programs, "../...").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the apps: %v\n%s", err, out)
		return 1
	}
	return p.tests.Run()
}

// platform is a launcher and what it told in dev.json.
type platform struct {
	BaseURL string            `json:"base_url"`
	Apps    map[string]string `json:"apps"`
	Tenant  string            `json:"tenant"`
	Tokens  map[string]string `json:"tokens"`

	cmd   *exec.Cmd
	ended chan struct{}
	log   string // its file
}

// folder is short-lived and, unlike t.TempDir's, open to the engines' users.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "launcher-data-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// launch starts the platform on engines of its own and waits until it is ready.
func launch(t *testing.T, settings ...string) *platform {
	t.Helper()
	data := folder(t)
	p := &platform{cmd: command(data, append(settings, "PORT=0")...), ended: make(chan struct{}), log: filepath.Join(data, "log")}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // tests judge how it ended
	}()
	t.Cleanup(func() { p.close(t) })
	eventually(t, readyWithin, "dev.json", func() bool {
		select {
		case <-p.ended:
			t.Fatal("the launcher ended before it was ready")
		default:
		}
		raw, err := os.ReadFile(filepath.Join(data, "dev.json"))
		return err == nil && json.Unmarshal(raw, p) == nil
	})
	return p
}

func command(data string, settings ...string) *exec.Cmd {
	cmd := exec.Command(programs + "launcher")
	cmd.Env = append(append(os.Environ(), "OKSAI_DATA="+data), settings...)
	return cmd
}

func (p *platform) close(t *testing.T) {
	_ = p.cmd.Process.Kill()
	<-p.ended
	text, err := os.ReadFile(p.log)
	if err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Logf("the end of the log:\n%s", text[max(0, len(text)-8000):])
	}
	if strings.Contains(string(text), "DATA RACE") {
		t.Errorf("there is a data race:\n%s", text)
	}
}

// end tells the launcher to end and checks that nothing of it is left in time.
func (p *platform) end(t *testing.T, how syscall.Signal) {
	t.Helper()
	children := p.descendants(t)
	if len(children) < len(p.Apps)+2 {
		t.Fatalf("the launcher has the children %v: that they end would prove nothing", children)
	}
	began := time.Now()
	if err := p.cmd.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
	eventually(t, endWithin, "the end of the launcher and all it started", func() bool {
		for pid := range children {
			if alive(pid) {
				return false
			}
		}
		return !alive(p.cmd.Process.Pid)
	})
	<-p.ended
	t.Logf("all ended within %v", time.Since(began))
}

// caller is one user of one app.
type caller struct{ base, token string }

func (p *platform) as(role, app string) caller { return caller{p.Apps[app], p.Tokens[role]} }

type answer struct {
	status int
	header http.Header
	body   string
}

// do makes one request; headers are names and values in turn.
func (c caller) do(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// must is do for requests that must be answered with status.
func (c caller) must(t *testing.T, status int, method, path, body string, headers ...string) answer {
	t.Helper()
	a := c.do(t, method, path, body, headers...)
	if a.status != status {
		t.Fatalf("%s %s = %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// decode reads the answer's body as a T.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
	return v
}

// seen are the headers that let a query see the answered command.
func (a answer) seen() []string {
	return []string{"Oksai-Consistency", a.header.Get("Oksai-Consistency")}
}

// eventually polls until ok, or fails after limit.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}
