package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"
)

const (
	// healWithin is how long a read model may stay behind after a fault. The
	// platform promises 10 s; a loaded machine gets more, and the log has the time.
	healWithin = 60 * time.Second
	askAgain   = 100 * time.Millisecond
)

// read gets path with everything up to the write that seen names.
func (c caller) read(t *testing.T, path, seen string) answer {
	t.Helper()
	began := time.Now()
	a, tries, err := c.askUntilThere(path, seen)
	if err != nil {
		t.Fatal(err)
	}
	if tries > 1 {
		t.Logf("GET %s was behind and answered after %d tries in %v", path, tries, time.Since(began))
	}
	return a
}

// askUntilThere is read for any goroutine. A read model that is behind says so
// and asks to retry, as it may after a fault; any other answer than 200 is an
// error at once.
func (c caller) askUntilThere(path, seen string) (a answer, tries int, err error) {
	var headers []string
	if seen != "" {
		headers = []string{"Oksai-Consistency", seen}
	}
	for began := time.Now(); ; <-time.After(a.retryAfter()) {
		tries++
		if a, err = c.send("GET", path, "", headers...); err == nil && a.status == 200 {
			return a, tries, nil
		}
		if err != nil || !a.behind() || time.Since(began) > healWithin {
			return a, tries, fmt.Errorf("GET %s = %d after %d tries in %v: %s (%v)", path, a.status, tries, time.Since(began), a.body, err)
		}
	}
}

// behind tells whether the read model does not have the write yet.
func (a answer) behind() bool {
	var problem struct {
		Code string `json:"code"`
	}
	return a.status == 503 && json.Unmarshal(a.body, &problem) == nil && problem.Code == "READ_MODEL_BEHIND"
}

// retryAfter is the pause that the answer asks for.
func (a answer) retryAfter() time.Duration {
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil {
		return time.Duration(seconds) * time.Second
	}
	return askAgain
}
