package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// probeEvery is the time between two looks at the read model. Each costs
// ClickHouse about 10 ms of CPU, so that more of them would measure themselves.
const probeEvery = 100 * time.Millisecond

// visibility measures the time from a command's answer to the answer of a list,
// read from ClickHouse, that has the job, while commands arrive at a steady rate.
// The list is asked with the command's consistency token, so it answers as soon
// as it can; that it has the job is checked.
func visibility(ctx context.Context, l *lab) (lines []line, err error) {
	a, members, err := l.startAppWithMembers(ctx, "demo-api")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	if err := settle(ctx); err != nil {
		return nil, err
	}
	load := newWires(a.address, connections)
	defer hangUp(load...)
	ctx, cancel := context.WithTimeout(ctx, l.watch)
	defer cancel()
	var all sync.WaitGroup
	var sent int
	var loadErr error
	all.Go(func() { sent, loadErr = steadily(ctx, l.rate, load, members) })
	delays, err := a.probe(ctx, members)
	all.Wait()
	if err = errors.Join(err, loadErr); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("commit to visible in a ClickHouse list at %d commands/s", l.rate)
	p50 := below(name+", p50", 300*time.Millisecond, quantile(delays, 0.5), seconds)
	p99 := below(name+", p99", time.Second, quantile(delays, 0.99), seconds)
	p99.note = fmt.Sprintf("at most %s, of %d jobs that were looked for; %.0f commands/s were answered, of %d tenants", seconds(slices.Max(delays)), len(delays), float64(sent)/l.watch.Seconds(), len(members))
	return []line{p50, p99}, nil
}

// steadily sends commands at a rate, whether or not those before are answered,
// as far as there are connections. It returns how many were answered.
func steadily(ctx context.Context, rate int, wires []*wire, members []string) (int, error) {
	due := make(chan int, rate)
	var all sync.WaitGroup
	counts, errs := make([]int, len(wires)), make([]error, len(wires))
	for i, w := range wires {
		all.Go(func() {
			for n := range due {
				if _, err := w.must(http.StatusCreated, "POST", "/jobs", members[n%len(members)], createJob); err != nil {
					errs[i] = err
					return
				}
				counts[i]++
			}
		})
	}
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	started, n := time.Now(), 0
	for ctx.Err() == nil {
		<-every.C
		for ; float64(n) < time.Since(started).Seconds()*float64(rate); n++ {
			select {
			case due <- n:
			default: // a second behind: the answers will show it
			}
		}
	}
	close(due)
	all.Wait()
	sum := 0
	for _, count := range counts {
		sum += count
	}
	return sum, errors.Join(errs...)
}

// probe creates jobs in turns of all tenants and measures when each is listed.
// It does not wait for one before it looks for the next: a slow one must not
// keep others from being measured.
func (a *app) probe(ctx context.Context, members []string) ([]time.Duration, error) {
	every := time.NewTicker(probeEvery)
	defer every.Stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	var delays []time.Duration
	var errs []error
	for n := 0; ctx.Err() == nil; n++ {
		<-every.C
		all.Go(func() {
			delay, err := see(a.address, members[n%len(members)])
			mu.Lock()
			defer mu.Unlock()
			delays, errs = append(delays, delay), append(errs, err)
		})
	}
	all.Wait()
	return delays, errors.Join(errs...)
}

// see creates a job and asks for it until it is listed. Its title tells it apart.
func see(address, member string) (time.Duration, error) {
	w := &wire{address: address}
	defer hangUp(w)
	word := uuid.NewString()[:8]
	created, err := w.must(http.StatusCreated, "POST", "/jobs", member, fmt.Sprintf(`{"title": "look for %s"}`, word))
	if err != nil {
		return 0, err
	}
	var job struct{ ID string }
	if err := json.Unmarshal(created.body, &job); err != nil {
		return 0, err
	}
	committed := time.Now()
	for {
		list, err := w.ask("GET", "/jobs?search="+word, member+"Oksai-Consistency: "+created.consistency+"\r\n", "")
		if err != nil {
			return 0, err
		}
		if bytes.Contains(list.body, []byte(job.ID)) {
			return time.Since(committed), nil
		}
		if time.Since(committed) > time.Minute {
			return 0, fmt.Errorf("job %s is not listed after a minute; the last answer was %d %.200s", job.ID, list.status, list.body)
		}
	}
}
