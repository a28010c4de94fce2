// Package event holds what every layer knows of an event: its identity, its
// place in the log, who caused it, and its payload. It depends on nothing else
// of the runtime.
package event

import (
	"time"

	"github.com/google/uuid"
)

// Data is a domain event before it is recorded. Generated event types implement it.
type Data interface {
	// EventType is the stable name stored with the event, e.g. "job.JobCreated".
	EventType() string
	// SchemaVersion is the version of the payload's shape; the first is 1.
	SchemaVersion() int
	// Published tells whether the event is part of the module's public contract.
	Published() bool
	// AppendJSON appends the payload as one JSON object to dst.
	AppendJSON(dst []byte) []byte
}

// Stream identifies one aggregate's events.
type Stream struct {
	// Module and Type name the aggregate, e.g. "job" and "Job".
	Module, Type string
	// Tenant owns the stream; the zero UUID for what belongs to the platform.
	Tenant uuid.UUID
	// ID is the aggregate's id.
	ID uuid.UUID
}

// Metadata says who and what caused an event.
type Metadata struct {
	// User is the principal's subject, empty for the system itself.
	User string
	// Correlation is shared by all that follows from one request.
	Correlation uuid.UUID
	// Causation is the id of the event (or request) that led directly to this one.
	Causation uuid.UUID
	// Trace is a W3C traceparent, or empty.
	Trace string
}

// Recorded is an event as the log holds it.
type Recorded struct {
	ID            uuid.UUID
	Stream        Stream
	Version       int64 // contiguous within the stream; the first is 1
	Position      Position
	Type          string
	SchemaVersion int
	Published     bool
	Payload       []byte // one JSON object
	Metadata      Metadata
	At            time.Time // UTC, microseconds
}
