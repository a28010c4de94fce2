package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// transcript is what a process writes, readable while it runs.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// end is as much of it as a person wants to read: the last of what is no request.
func (l *transcript) end() string {
	var text strings.Builder
	for line := range strings.Lines(l.String()) {
		if !strings.Contains(line, `"msg":"request"`) {
			text.WriteString(line)
		}
	}
	return text.String()[max(0, text.Len()-8000):]
}

// address is the base URL that a server logged when it was ready; empty before.
func (l *transcript) address() string {
	for line := range strings.Lines(l.String()) {
		var entry struct{ Msg, URL string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "ready" {
			return entry.URL
		}
	}
	return ""
}
