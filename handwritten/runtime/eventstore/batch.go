package eventstore

import (
	"errors"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// outcome is one command's own, whatever became of its neighbours.
type outcome struct {
	result Result
	err    error
}

// batchParams lays commands out as the arrays of one statement. A command is
// known there by its place, counted from 1 as PostgreSQL's arrays are.
func batchParams(commands []*command) db.AppendBatchParams {
	var p db.AppendBatchParams
	for i, c := range commands {
		n := int32(i) + 1
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
		addTimers(&p, n, c)
	}
	return p
}

func addEvents(p *db.AppendBatchParams, n int32, events []event.Recorded) {
	for i, e := range events {
		p.EventCommands = append(p.EventCommands, n)
		p.EventOrdinals = append(p.EventOrdinals, int32(i)+1)
		p.EventIds = append(p.EventIds, e.ID)
		p.EventTypes = append(p.EventTypes, e.Type)
		p.EventSchemas = append(p.EventSchemas, int32(e.SchemaVersion))
		p.EventPublished = append(p.EventPublished, e.Published)
		p.EventPayloads = append(p.EventPayloads, e.Payload)
	}
}

func addKey(p *db.AppendBatchParams, n int32, c *command) {
	if c.Key == nil {
		return
	}
	p.KeyCommands = append(p.KeyCommands, n)
	p.KeyScopes = append(p.KeyScopes, c.Key.Scope)
	p.KeyNames = append(p.KeyNames, c.Key.Name)
	p.KeyHashes = append(p.KeyHashes, c.Key.Hash[:])
}

// addTimers leaves a command's timers out where nothing happened: none can have changed.
func addTimers(p *db.AppendBatchParams, n int32, c *command) {
	if len(c.events) == 0 {
		return
	}
	for _, t := range c.Timers {
		p.TimerCommands = append(p.TimerCommands, n)
		p.TimerNames = append(p.TimerNames, t.Name)
		p.TimerDues = append(p.TimerDues, t.Due)
		p.TimerCleared = append(p.TimerCleared, t.Due.IsZero())
	}
}

// outcomes tells the commands of a batch apart again. A command without rows
// did not move its stream.
func outcomes(commands []*command, rows []db.AppendBatchRow) []outcome {
	answers := make([][]db.AppendBatchRow, len(commands))
	for _, row := range rows {
		answers[row.Command-1] = append(answers[row.Command-1], row)
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

func position(epoch int32, xid uint64, seq int64) event.Position {
	return event.Position{Epoch: uint16(epoch), XID: xid, Seq: seq}
}
