// Package chdb serves ClickHouse's HTTP interface from the engine in
// libchdb.so. It runs in a process of its own: the engine is large, has threads
// and an allocator of its own, and must be able to die alone.
package chdb

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// maxQueries is how many statements run at once; further ones wait.
const maxQueries = 32

// Config is what the process must know.
type Config struct {
	Library        string // path of libchdb.so
	Dir            string // of the data
	Address        string // to listen on, host:port
	User, Password string // of the only account
	MaxMemory      int64  // of the engine, in bytes
}

// Serve serves until the process is asked to end by SIGINT or SIGTERM.
func Serve(c Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	lib, err := loadLibrary(c.Library)
	if err != nil {
		return err
	}
	engine, err := startEngine(lib, c.Dir, c.MaxMemory)
	if err != nil {
		return err
	}
	defer engine.stop()
	listener, err := net.Listen("tcp4", c.Address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler:           &handler{config: c, engine: engine, slots: make(chan struct{}, maxQueries)},
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "requests were cut off:", err)
		return server.Close()
	}
	return nil
}

// maxUnread bounds how much of a refused request is read to its end, in bytes.
const maxUnread = 1 << 30

// handler answers as ClickHouse does.
type handler struct {
	config Config
	engine *engine
	slots  chan struct{}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	if !h.allowed(r) {
		writeException(w, http.StatusForbidden, errWrongAccount)
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-r.Context().Done():
		return
	}
	answer, err := h.run(r)
	if err != nil {
		// A client that is still sending when the connection closes sees a reset instead of the reason.
		_, _ = io.CopyN(io.Discard, r.Body, maxUnread)
		writeException(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
	_, _ = w.Write(answer) // a client that is gone needs no answer
}

// allowed checks the account, given in any of the ways ClickHouse knows.
func (h *handler) allowed(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	if !ok {
		user, password = r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	}
	if user == "" {
		user, password = r.URL.Query().Get("user"), r.URL.Query().Get("password")
	}
	same := subtle.ConstantTimeCompare([]byte(user), []byte(h.config.User)) &
		subtle.ConstantTimeCompare([]byte(password), []byte(h.config.Password))
	return same == 1
}

// run runs the request's statement in a session of its own.
func (h *handler) run(r *http.Request) ([]byte, error) {
	q := parseRequest(r)
	if q.compressed {
		return nil, errCompressed
	}
	session, err := h.engine.open(q.database, q.settings)
	if err != nil {
		return nil, err
	}
	defer session.close()
	if statement, format, ok := splitInsert(q.statement); ok && r.ContentLength != 0 {
		return nil, session.insert(statement, format, q.params, r.Body)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, errBody(err)
	}
	statement := strings.TrimSpace(q.statement + "\n" + string(body))
	answer, err := session.query(statement, q.format, q.params)
	if err == nil && statement == helloQuery && q.revision > 0 {
		return hello(session)
	}
	return answer, err
}
