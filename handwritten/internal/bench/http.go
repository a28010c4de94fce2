package main

import (
	"context"
	"errors"
	"fmt"
)

// connections is how many clients send commands at once, each over its own connection.
const connections = 64

const createJob = `{"title": "a job to be done soon", "priority": "normal", "tags": ["some", "tags"]}`

// commands compares the whole way of a command in demo-api, with its token
// checked, its event published and its read models kept, with a bare handler.
func commands(ctx context.Context, l *lab) (lines []line, err error) {
	a, members, err := l.startAppWithMembers(ctx, "demo-api")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	byhand, err := l.startByHand(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, byhand.stop()) }()
	ours := newWires(a.address, connections)
	defer hangUp(ours...)
	theirs := newWires(byhand.address, connections)
	defer hangUp(theirs...)
	d, err := l.compare(ctx,
		clients(connections, func(_ context.Context, client int) error {
			_, err := ours[client].must(201, "POST", "/jobs", members[client%len(members)], createJob)
			return err
		}),
		clients(connections, func(_ context.Context, client int) error {
			_, err := theirs[client].must(201, "POST", "/jobs", "", createJob)
			return err
		}))
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("HTTP command to durable commit, %d connections", connections)
	return []line{ratio(name, "bare net/http handler doing that one INSERT", 1.8, d)}, nil
}

func (l *lab) startAppWithMembers(ctx context.Context, name string) (*app, []string, error) {
	a, err := l.startApp(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	members, err := a.members(len(tenants))
	if err != nil {
		return nil, nil, errors.Join(err, a.stop())
	}
	return a, members, nil
}

// startByHand gives the baseline a database of its own on the same server: in
// the app's, its events would be published and projected as well.
func (l *lab) startByHand(ctx context.Context) (program, error) {
	binary, err := l.build(ctx, "internal/bench/byhand")
	if err != nil {
		return program{}, err
	}
	db, err := l.database(ctx)
	if err != nil {
		return program{}, err
	}
	return l.start(ctx, binary, "DATABASE_URL="+db.postgres)
}
