// Package service runs generated modules as one process: it opens the engines,
// hands them to the modules, and runs everything that the modules bring along.
package service

import (
	"log/slog"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/oksai/oksai/handwritten/runtime/audit"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/mail"
	"github.com/oksai/oksai/handwritten/runtime/operations"
	"github.com/oksai/oksai/handwritten/runtime/projection"
	"github.com/oksai/oksai/handwritten/runtime/query"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
	"github.com/oksai/oksai/handwritten/runtime/signin"
	"github.com/oksai/oksai/handwritten/runtime/timer"
)

// Deps is what a process gives to each of its modules.
type Deps struct {
	// Store is the event log in PostgreSQL; its reader pool answers queries on PostgreSQL projections.
	Store *eventstore.Store
	// ClickHouse answers lists, searches and analytics.
	ClickHouse driver.Conn
	// Cursors seals the positions that lists hand out.
	Cursors *httpx.Cursors
	// Waiter lets a query wait until its read model has seen a write.
	Waiter httpx.Waiter
	// Verifier checks bearer tokens.
	Verifier httpx.Verifier
	// SignIn keeps passwords, sessions and keys; Mail is how people are reached.
	SignIn *signin.Service
	Mail   mail.Mailer
	// Audit is the trail of security events, and of what operators do.
	Audit *audit.Store
	// FirstOperators are the addresses of users who work for the platform before
	// any operator can appoint them.
	FirstOperators []string
	// Guard refuses tenants that are not active; nil checks nothing.
	Guard httpx.Guard
	// Operations are what operators see and do, across all modules.
	Operations *operations.Operations
	// Clock tells the time in UTC.
	Clock func() time.Time
	Log   *slog.Logger
}

// Query is where queries over projections read.
func (d Deps) Query() query.DB { return query.DB{ClickHouse: d.ClickHouse, Postgres: d.Store.Reader()} }

// Options returns the options with which a module's repositories are made.
func (d Deps) Options() []command.Option {
	return []command.Option{command.WithClock(d.Clock), command.WithLog(d.Log)}
}

// Module is one bounded context, ready to run. Generated code makes it from a spec.
type Module struct {
	// Name is the spec's, e.g. "job"; its public topic and PostgreSQL schema are named after it.
	Name string
	// HTTP serves the module's commands and queries.
	HTTP httpx.Module
	// Schema is the idempotent DDL of the module's tables in PostgreSQL; empty if it has none.
	Schema string
	// Models are the read models in ClickHouse.
	Models []projection.Model
	// Tables are the read models in PostgreSQL that follow the log; those kept
	// in the append's own transaction belong to the repositories.
	Tables []projection.AsyncDefinition
	// Reactions turn events, the platform's and others', into commands.
	Reactions []reaction.Definition
	// Timers run commands at the times that states name.
	Timers []timer.Definition
	// Tasks are the module's own background loops.
	Tasks []Task
}
