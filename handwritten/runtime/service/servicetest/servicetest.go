// Package servicetest gives tests that run whole apps a folder for their data
// and their log to read.
package servicetest

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
)

// DataFolder is short-lived and, unlike t.TempDir's, open to the users that engines run as.
func DataFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "oksai-data-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Transcript is what an app writes, readable while it runs.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *Transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// End is as much of it as a person wants to read: the last of what is no request.
func (l *Transcript) End() string {
	var text strings.Builder
	for line := range strings.Lines(l.String()) {
		if !strings.Contains(line, `"msg":"request"`) {
			text.WriteString(line)
		}
	}
	return text.String()[max(0, text.Len()-8000):]
}

// URL is where the app says that it listens; empty before it is ready.
func (l *Transcript) URL() string {
	for line := range strings.Lines(l.String()) {
		var entry struct{ Msg, URL string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "ready" {
			return entry.URL
		}
	}
	return ""
}
