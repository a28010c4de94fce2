package apptest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// HealWithin is how long a read model may stay behind after a fault. The
	// platform promises 10 s; a loaded machine gets more, and the log has the time.
	HealWithin = 60 * time.Second
	askAgain   = 100 * time.Millisecond
)

// Read gets path with everything up to the write that seen names.
func (c Caller) Read(t testing.TB, path, seen string) Answer {
	t.Helper()
	began := time.Now()
	a, tries, err := c.AskUntilThere(path, seen)
	if err != nil {
		t.Fatal(err)
	}
	if tries > 1 {
		t.Logf("GET %s was behind and answered after %d tries in %v", path, tries, time.Since(began))
	}
	return a
}

// AskUntilThere is Read for any goroutine. A read model that is behind says so
// and asks to retry, as it may after a fault; any other answer than 200 is an
// error at once.
func (c Caller) AskUntilThere(path, seen string) (a Answer, tries int, err error) {
	var headers []string
	if seen != "" {
		headers = []string{"Oksai-Consistency", seen}
	}
	for began := time.Now(); ; <-time.After(a.retryAfter()) {
		tries++
		if a, err = c.Send("GET", path, "", headers...); err == nil && a.Status == 200 {
			return a, tries, nil
		}
		if err != nil || !a.behind() || time.Since(began) > HealWithin {
			return a, tries, fmt.Errorf("GET %s = %d after %d tries in %v: %s (%v)", path, a.Status, tries, time.Since(began), a.Body, err)
		}
	}
}

// behind tells whether the read model does not have the write yet.
func (a Answer) behind() bool {
	var problem struct {
		Code string `json:"code"`
	}
	return a.Status == 503 && json.Unmarshal([]byte(a.Body), &problem) == nil && problem.Code == "READ_MODEL_BEHIND"
}

// retryAfter is the pause that the answer asks for.
func (a Answer) retryAfter() time.Duration {
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err == nil {
		return time.Duration(seconds) * time.Second
	}
	return askAgain
}

// List reads all pages of a list, each with everything up to the write that seen names.
func List[T any](t testing.TB, c Caller, path, seen string) []T {
	t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	var rows []T
	for cursor := ""; ; {
		page := Decode[struct {
			Items []T    `json:"items"`
			Next  string `json:"next_cursor"`
		}](t, c.Read(t, path+separator+"limit=200"+cursor, seen))
		rows = append(rows, page.Items...)
		if page.Next == "" {
			return rows
		}
		cursor = "&cursor=" + url.QueryEscape(page.Next)
	}
}
