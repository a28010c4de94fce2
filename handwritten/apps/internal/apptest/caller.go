package apptest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// client opens a connection for each request: it would send a request with a key
// again by itself when a connection breaks that it has used before, and hide
// that the first was cut off.
var client = http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: -1}}

// Caller is one user of one app; without a token, nobody.
type Caller struct{ Base, Token string }

// Via is the same user, who asks another app or another replica.
func (c Caller) Via(base string) Caller { return Caller{base, c.Token} }

// Answer is what an app said, its body read in full.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Send makes one request; headers are names and values in turn.
func (c Caller) Send(method, path, body string, headers ...string) (Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, string(text)}, err
}

// Do is Send for requests that must be answered.
func (c Caller) Do(t testing.TB, method, path, body string, headers ...string) Answer {
	t.Helper()
	a, err := c.Send(method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Must is Do for requests that must be answered with status.
func (c Caller) Must(t testing.TB, status int, method, path, body string, headers ...string) Answer {
	t.Helper()
	a := c.Do(t, method, path, body, headers...)
	if a.Status != status {
		t.Fatalf("%s %s = %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	return a
}

// Decode reads the answer's body as a T.
func Decode[T any](t testing.TB, a Answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		t.Fatalf("body %q: %v", a.Body, err)
	}
	return v
}

// Object is what commands and reads by id answer.
type Object struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Status  string `json:"status"`
}

// Object reads the answer's body as that.
func (a Answer) Object(t testing.TB) Object {
	t.Helper()
	return Decode[Object](t, a)
}

// Seen is the consistency token that lets a query see the answered command.
func (a Answer) Seen() string { return a.Header.Get("Oksai-Consistency") }

// WantProblem checks that the answer is problem details with this status and code.
func (a Answer) WantProblem(t testing.TB, status int, code string) {
	t.Helper()
	var got struct {
		Status int    `json:"status"`
		Code   string `json:"code"`
	}
	err := json.Unmarshal([]byte(a.Body), &got)
	media := a.Header.Get("Content-Type")
	if err != nil || a.Status != status || got.Status != status || got.Code != code || media != "application/problem+json" {
		t.Errorf("answer %d %s %s, want %d %s", a.Status, media, a.Body, status, code)
	}
}
