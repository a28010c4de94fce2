package eventstore

import (
	"errors"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// outcome is one command's own, whatever became of its neighbours.
type outcome struct {
	result Result
	err    error
}

// batchParams lays commands out as the arrays of one statement. A command is
// known there by its index.
func batchParams(commands []*command) db.AppendBatchParams {
	var p db.AppendBatchParams
	for i, c := range commands {
		n := int64(i)
		p.Commands = append(p.Commands, n)
		p.Tenants = append(p.Tenants, c.Stream.Tenant)
		p.Streams = append(p.Streams, c.Stream.ID)
		p.Modules = append(p.Modules, c.Stream.Module)
		p.StreamTypes = append(p.StreamTypes, c.Stream.Type)
		p.Expected = append(p.Expected, c.Expected)
		p.Counts = append(p.Counts, int64(len(c.events)))
		p.Users = append(p.Users, c.Metadata.User)
		p.Correlations = append(p.Correlations, c.Metadata.Correlation)
		p.Causations = append(p.Causations, c.Metadata.Causation)
		p.Traces = append(p.Traces, c.Metadata.Trace)
		p.Times = append(p.Times, c.at)
		addEvents(&p, n, c.events)
		addKey(&p, n, c)
	}
	return p
}

func addEvents(p *db.AppendBatchParams, n int64, events []event.Recorded) {
	for i, e := range events {
		p.EventCommands = append(p.EventCommands, n)
		p.EventOrdinals = append(p.EventOrdinals, int64(i)+1)
		p.EventIds = append(p.EventIds, e.ID)
		p.EventTypes = append(p.EventTypes, e.Type)
		p.EventSchemas = append(p.EventSchemas, int32(e.SchemaVersion))
		p.EventPublished = append(p.EventPublished, e.Published)
		p.EventPayloads = append(p.EventPayloads, e.Payload)
	}
}

func addKey(p *db.AppendBatchParams, n int64, c *command) {
	if c.Key == nil {
		return
	}
	p.KeyCommands = append(p.KeyCommands, n)
	p.KeyTenants = append(p.KeyTenants, c.Stream.Tenant)
	p.KeyScopes = append(p.KeyScopes, c.Key.Scope)
	p.KeyNames = append(p.KeyNames, c.Key.Name)
	p.KeyHashes = append(p.KeyHashes, c.Key.Hash[:])
}

// timerParams collects the timers of all commands that append something; found
// tells whether there are any. Where nothing happened, no timer can have changed.
func timerParams(commands []*command) (p db.SetTimersParams, found bool) {
	for _, c := range commands {
		if len(c.events) == 0 {
			continue
		}
		last := c.events[len(c.events)-1]
		for _, t := range c.Timers {
			p.Tenants = append(p.Tenants, c.Stream.Tenant)
			p.Streams = append(p.Streams, c.Stream.ID)
			p.Versions = append(p.Versions, last.Version)
			p.EventIds = append(p.EventIds, last.ID)
			p.Names = append(p.Names, t.Name)
			p.Dues = append(p.Dues, t.Due)
			p.Cleared = append(p.Cleared, t.Due.IsZero())
		}
	}
	return p, len(p.Names) > 0
}

// outcomes tells the commands of a batch apart again. A command without rows
// did not move its stream.
func outcomes(commands []*command, rows []db.AppendBatchRow) []outcome {
	answers := make([][]db.AppendBatchRow, len(commands))
	for _, row := range rows {
		answers[row.Command] = append(answers[row.Command], row)
	}
	all := make([]outcome, len(commands))
	for i, c := range commands {
		all[i] = c.outcome(answers[i])
	}
	return all
}

func (c *command) outcome(rows []db.AppendBatchRow) outcome {
	if len(rows) == 0 {
		return outcome{err: &ConflictError{Stream: c.Stream, Expected: c.Expected}}
	}
	last := rows[len(rows)-1]
	if last.Replayed && [32]byte(last.Hash) != c.Key.Hash {
		return outcome{err: ErrKeyReused}
	}
	result := Result{StreamID: last.StreamID, Version: last.Version, Position: position(last.Epoch, last.Xid, last.Seq), Replayed: last.Replayed}
	if !last.Replayed {
		for i := range c.events {
			c.events[i].Position = position(rows[i].Epoch, rows[i].Xid, rows[i].Seq)
		}
		result.Events = c.events
	}
	return outcome{result: result}
}

// decides returns which expected versions of the command's stream must conflict
// once the command has this outcome; nil if it tells nothing.
func (o outcome) decides(c *command) func(expected int64) bool {
	var conflict *ConflictError
	switch {
	case errors.As(o.err, &conflict):
		return func(expected int64) bool { return expected == c.Expected }
	case o.err != nil || o.result.Replayed:
		return nil
	}
	return func(expected int64) bool { return expected != o.result.Version }
}

// tenantsOf lists each tenant once.
func tenantsOf(commands []*command) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(commands))
	var tenants []uuid.UUID
	for _, c := range commands {
		if !seen[c.Stream.Tenant] {
			seen[c.Stream.Tenant] = true
			tenants = append(tenants, c.Stream.Tenant)
		}
	}
	return tenants
}

func position(epoch int32, xid uint64, seq int64) event.Position {
	return event.Position{Epoch: uint16(epoch), XID: xid, Seq: seq}
}
