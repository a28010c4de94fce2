package event

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"strings"
)

// A later version of the header may go on after the flags; version ff is forbidden.
var traceparentForm = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]([0-9a-f])(-.*)?$`)

// TraceID returns the id of the trace that a W3C traceparent belongs to; ok is
// false if it is malformed. What is malformed must be neither stored nor sent on.
func TraceID(traceparent string) (id string, ok bool) {
	id, _, ok = parseTrace(traceparent)
	return id, ok
}

// TraceID is the trace that the event belongs to, for log lines; empty if it belongs to none.
func (m Metadata) TraceID() string {
	id, _ := TraceID(m.Trace)
	return id
}

// ContinueTrace returns the trace that a W3C traceparent belongs to, a new one if
// it is malformed or empty, and a traceparent in which we are the parent.
func ContinueTrace(traceparent string) (id, next string) {
	var random [24]byte
	_, _ = rand.Read(random[:]) // never fails
	id, flags, ok := parseTrace(traceparent)
	if !ok {
		id, flags = hex.EncodeToString(random[:16]), "01"
	}
	return id, "00-" + id + "-" + hex.EncodeToString(random[16:]) + "-" + flags
}

// parseTrace also returns the one flag that is known: whether the trace is sampled.
func parseTrace(traceparent string) (id, flags string, ok bool) {
	m := traceparentForm.FindStringSubmatch(traceparent)
	if m == nil || m[1] == "ff" || m[1] == "00" && m[5] != "" || strings.Trim(m[2], "0") == "" || strings.Trim(m[3], "0") == "" {
		return "", "", false
	}
	if strings.Contains("13579bdf", m[4]) {
		return m[2], "01", true
	}
	return m[2], "00", true
}
