package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The mixture: of ten requests two are commands, seven get a job by its id and
// one lists the newest.
const (
	mixedCommands = 2
	mixedLists    = 1
	mixedAll      = 10
)

// kinds are what the mixture is made of, in the order in which they are told.
var kinds = []string{"commands", "gets", "lists"}

// mixture measures platform-api under a load of which four fifths read.
func mixture(ctx context.Context, l *lab) (lines []line, err error) {
	a, members, err := l.startAppWithMembers(ctx, "platform-api")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	users := make([]mixedUser, connections)
	for i := range users {
		users[i] = mixedUser{wire: &wire{address: a.address}, member: members[i%len(members)], turn: i}
		defer hangUp(users[i].wire)
	}
	var took latencies
	step := func(_ context.Context, client int) error { return users[client].step(&took) }
	if _, err := l.time(ctx, clients(connections, step)); err != nil { // opens connections, fills caches
		return nil, err
	}
	took = latencies{}
	speed, err := l.time(ctx, clients(connections, step))
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("mixed load on platform-api, 80 %% reads, %d connections", connections)
	return []line{figure(name, fmt.Sprintf("%.0f requests/s", speed.perSecond), speed.String()+"; "+took.String())}, nil
}

// mixedUser sends one request after the other, in a fixed order.
type mixedUser struct {
	wire   *wire
	member string
	turn   int
	job    string // path of the latest
}

func (u *mixedUser) step(took *latencies) error {
	started, kind := time.Now(), 1
	u.turn++
	var err error
	switch turn := u.turn % mixedAll; {
	case turn < mixedCommands || u.job == "":
		kind, err = 0, u.create()
	case turn < mixedCommands+mixedLists:
		kind = 2
		_, err = u.wire.must(200, "GET", "/jobs?limit=20", u.member, "")
	default:
		_, err = u.wire.must(200, "GET", u.job, u.member, "")
	}
	took.add(kinds[kind], time.Since(started))
	return err
}

func (u *mixedUser) create() error {
	r, err := u.wire.must(201, "POST", "/jobs", u.member, createJob)
	if err != nil {
		return err
	}
	var job struct{ ID string }
	err = json.Unmarshal(r.body, &job)
	u.job = "/jobs/" + job.ID
	return err
}

// latencies are the times that answers took, by kind.
type latencies struct {
	mu    sync.Mutex
	times map[string][]time.Duration
}

func (l *latencies) add(kind string, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.times == nil {
		l.times = map[string][]time.Duration{}
	}
	l.times[kind] = append(l.times[kind], took)
}

func (l *latencies) String() (text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, kind := range kinds {
		times := l.times[kind]
		if len(times) == 0 {
			continue
		}
		text += fmt.Sprintf("%s p50 %s, p99 %s; ", kind, seconds(quantile(times, 0.5)), seconds(quantile(times, 0.99)))
	}
	return text[:max(0, len(text)-2)]
}
