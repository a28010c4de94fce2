package projection

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// EventLog is a read model with one row for every event it handles: for audit,
// history and analytics. A row never changes, so a redelivered event writes the
// same row again and nothing need be read.
type EventLog struct {
	Table   Table
	Handles func(e *event.Recorded) bool
}

// EventLogRow is one event as a read model.
type EventLogRow struct {
	StreamID   uuid.UUID
	Version    int64
	StreamType string
	Type       string
	At         time.Time
	UserID     string
	Payload    string // one JSON object
}

// EventLogTable describes the table of an EventLog that keeps events for ttlDays; 0 keeps them for ever.
func EventLogTable(module, name, hash string, ttlDays int) Table {
	retention := ""
	if ttlDays > 0 {
		retention = fmt.Sprintf("\nTTL at + INTERVAL %d DAY", ttlDays)
	}
	return Table{
		Module: module, Name: name, Hash: hash,
		DDL: `CREATE TABLE {table} (
    tenant_id UUID,
    stream_id UUID,
    version Int64,
    stream_type LowCardinality(String),
    type LowCardinality(String),
    at DateTime64(6, 'UTC'),
    user_id String,
    payload String,
    _position UInt128,
    _deleted UInt8
) ENGINE = ReplacingMergeTree(_position) ORDER BY (tenant_id, stream_id, version)` + retention,
		Key: []string{"stream_id", "version"},
		Columns: []Column{
			{Name: "stream_id", Type: "UUID"}, {Name: "version", Type: "Int64"}, {Name: "stream_type", Type: "String"}, {Name: "type", Type: "String"},
			{Name: "at", Type: "DateTime64(6, 'UTC')"}, {Name: "user_id", Type: "String"}, {Name: "payload", Type: "String"},
		},
	}
}

// EventLogValues are the row's columns in the order of EventLogTable.
func EventLogValues(r *EventLogRow) []any {
	return []any{r.StreamID, r.Version, r.StreamType, r.Type, r.At, r.UserID, r.Payload}
}

// ScanEventLog points at the row's columns in the order of EventLogTable.
func ScanEventLog(r *EventLogRow) []any {
	return []any{&r.StreamID, &r.Version, &r.StreamType, &r.Type, &r.At, &r.UserID, &r.Payload}
}

// Model returns the event log as a read model.
func (l EventLog) Model() Model { return logModel{l} }

type logModel struct{ EventLog }

// Described returns the event log's table.
func (m logModel) Described() Table { return m.Table }

func (m logModel) writers(t target) func(*parking) writer {
	w := logWriter{m.EventLog, t.inserts(m.Table)} // no event is unreadable to it, so it parks none
	return func(*parking) writer { return w }
}

type logWriter struct {
	EventLog
	inserts *together[rowBatch]
}

func (w logWriter) write(ctx context.Context, events []event.Recorded) (int, error) {
	handled := make([]*event.Recorded, 0, len(events))
	for i := range events {
		if w.Handles(&events[i]) {
			handled = append(handled, &events[i])
		}
	}
	if len(handled) == 0 {
		return 0, nil
	}
	return len(handled), w.inserts.run(ctx, rowBatch{len(handled), func(i int) []any {
		e := handled[i]
		row := EventLogRow{
			StreamID: e.Stream.ID, Version: e.Version, StreamType: e.Stream.Type, Type: e.Type,
			At: e.At, UserID: e.Metadata.User, Payload: string(e.Payload),
		}
		return stored(e.Stream.Tenant, EventLogValues(&row), e.Position, false)
	}})
}
