package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// binary is the app under test, built once with the race detector.
var binary string

func TestMain(m *testing.M) { enginetest.Main(withBinary{m}) }

// withBinary builds the app before the tests.
type withBinary struct{ tests *testing.M }

func (b withBinary) Run() int {
	dir, err := os.MkdirTemp("/tmp", "demo-api-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "folder for the binary:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "demo-api")
	if out, err := exec.Command("go", "build", "-race", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build demo-api: %v\n%s", err, out)
		return 1
	}
	return b.tests.Run()
}

// client opens a connection for each request: it would send a request with a key
// again by itself when a connection breaks that it has used before, and hide
// that the first was cut off.
var client = http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: -1}}

// caller is one user of the API.
type caller struct{ base, token string }

// answer is what the API said, its body read in full.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes one request; headers are names and values in turn.
func (c caller) send(method, path, body string, headers ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, text}, err
}

// do is send for requests that must be answered.
func (c caller) do(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	a, err := c.send(method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
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
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
	return v
}

// seen is the consistency token that lets a query see the answered command.
func (a answer) seen() string { return a.header.Get("Oksai-Consistency") }

type object struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Status  string `json:"status"`
}

// wantProblem checks that a is problem details with this status and code.
func wantProblem(t *testing.T, a answer, status int, code string) {
	t.Helper()
	var got struct {
		Status int    `json:"status"`
		Code   string `json:"code"`
	}
	err := json.Unmarshal(a.body, &got)
	media := a.header.Get("Content-Type")
	if err != nil || a.status != status || got.Status != status || got.Code != code || media != "application/problem+json" {
		t.Errorf("answer %d %s %s, want %d %s", a.status, media, a.body, status, code)
	}
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

// descendants are the processes that pid started, and those that they started.
func descendants(pid string) []string {
	lists, _ := filepath.Glob("/proc/" + pid + "/task/*/children")
	var all []string
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			all = append(append(all, child), descendants(child)...)
		}
	}
	return all
}

// running tells whether pid is a process that still does something: a zombie
// whose new parent has not collected it yet does not.
func running(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	_, state, found := bytes.Cut(stat, []byte(") "))
	return err == nil && found && state[0] != 'Z'
}
