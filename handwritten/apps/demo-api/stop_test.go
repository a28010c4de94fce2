package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
)

// TestStopUnderLoad tells one replica to stop while it works: first it says so,
// then it takes nothing more, what it has taken is answered, and all that was
// answered is there.
func TestStopUnderLoad(t *testing.T) {
	seed := newSeed(t)
	a, b := twoReplicas(t)
	_, member := a.tenant(t, "stop")
	workers := make([]*worker, clients)
	for i := range workers {
		workers[i] = newWorker(member, seed, i)
	}
	load := run(t, workers)
	<-time.After(time.Second)

	release := blockAppends(t, a.place) // from now on, each worker's request is in flight
	a.signal(t, syscall.SIGTERM)
	enginetest.Eventually(t, apptest.EndWithin, "the server says that it is stopping", func() bool {
		return strings.Contains(a.admin.Do(t, "GET", "/health/ready", "").Body, "stopping")
	})
	enginetest.Eventually(t, apptest.EndWithin, "new connections are refused", func() bool { return refused(a) })
	release()
	load.Wait()
	for _, w := range workers {
		if !errors.Is(w.failure, syscall.ECONNREFUSED) {
			t.Errorf("a request ended with %v, want it answered or its connection refused", w.failure)
		}
	}
	a.awaitStop(t)
	for _, w := range workers {
		w.resume(t, b.admin.Base)
	}
	t.Logf("%d jobs are there", len(checkWork(t, member.Via(b.admin.Base), workers...)))
	b.stop(t)
}

func refused(s *server) bool {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.admin.Base, "http://"))
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// blockAppends lets no command commit until the returned function is called.
func blockAppends(t *testing.T, at place) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE oksai.events IN SHARE MODE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.Exec(t.Context(), `COMMIT`); err != nil {
			t.Fatal(err)
		}
	}
}
