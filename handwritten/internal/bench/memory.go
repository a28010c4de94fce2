package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// memory watches the app's process, in which Kafka and Redis are too, while jobs
// are created, started and completed.
func memory(ctx context.Context, l *lab) (lines []line, err error) {
	a, members, err := l.startAppWithMembers(ctx, "demo-api")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	wires := newWires(a.address, connections)
	defer hangUp(wires...)
	pid := a.cmd.Process.Pid
	sizes, heaps := []float64{residentMB(pid)}, []float64{}
	for range 4 {
		if err := work(ctx, wires, members, l.commands/4); err != nil {
			return nil, err
		}
		sizes = append(sizes, residentMB(pid))
		heap, err := a.metric("go_memstats_heap_inuse_bytes")
		if err != nil {
			return nil, err
		}
		heaps = append(heaps, heap/(1<<20))
	}
	name := fmt.Sprintf("memory of the app's process after %d commands", l.commands)
	size := below(name, 150, sizes[4], megabytes)
	size.note = fmt.Sprintf("resident at the start and after each quarter %.0f MB, at most %.0f MB; heap in use after each quarter %.0f MB", sizes, peakMB(pid), heaps)
	flat := below("the same, change in the last quarter", 10, 100*math.Abs(sizes[4]/sizes[3]-1), percent)
	return []line{size, flat}, nil
}

// work runs a number of commands: each client takes one job after the other through its life.
func work(ctx context.Context, wires []*wire, members []string, commands int) error {
	var left atomic.Int64
	left.Store(int64(commands))
	paths := make([]string, len(wires))
	all := clients(len(wires), func(_ context.Context, client int) error {
		if left.Add(-1) < 0 {
			return errDone
		}
		var err error
		paths[client], err = step(wires[client], members[client%len(members)], paths[client])
		return err
	})
	_, err := all(ctx, time.Now().Add(time.Hour))
	if errors.Is(err, errDone) {
		err = nil
	}
	return err
}

var errDone = errors.New("all commands were sent")

// step sends a job's next command and returns the path of the one after it;
// empty if the next is to create another job.
func step(w *wire, member, path string) (next string, err error) {
	if path == "" {
		r, err := w.must(201, "POST", "/jobs", member, createJob)
		_, rest, _ := strings.Cut(string(r.body), `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return "/jobs/" + id + "/start", err
	}
	_, err = w.must(200, "POST", path, member, "")
	if job, started := strings.CutSuffix(path, "/start"); started {
		return job + "/complete", err
	}
	return "", err
}

// metric is one of the app's own figures.
func (a *app) metric(name string) (float64, error) {
	w := &wire{address: a.address}
	defer hangUp(w)
	r, err := w.must(200, "GET", "/metrics", "Connection: close\r\n", "")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(r.body)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("/metrics has no %s", name)
}
