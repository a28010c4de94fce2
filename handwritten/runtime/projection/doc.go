// Package projection keeps read models: tables that are the fold of the log.
//
// Kafka's key is the tenant, so one partition holds all of a tenant's events in
// log order and one writer owns all of the tenant's rows. Every shape of read
// model, from one row per aggregate to counters per day, is therefore the same
// read-modify-write of full rows:
//
//	events → keys → previous rows (memory, else ClickHouse) → fold → insert changed rows → checkpoint
//
// # Why effects are exactly-once
//
// A row carries in _position the place of the last event folded into it. An
// event at or before that place is already in the row and is left out. So the
// checkpoint may lag behind the rows by any amount: after a crash between the
// insert and the checkpoint, the events that come again change nothing, for
// counters no less than for keyed rows. A deleted row stays as a tombstone with
// its position, so an old event cannot resurrect it.
//
// An insert that reaches ClickHouse only in part does no harm either: each row
// says for itself how far it is.
//
// # Why a zombie writer is harmless
//
// A process that was paused, lost its partition and woke up may insert rows
// after its successor did. The fold is deterministic: a row of a given key at a
// given position has the same content whoever made it. ReplacingMergeTree keeps
// the row with the greatest position, so the zombie's rows are either older
// than the successor's, and vanish, or equal to what the successor will write.
// The compare-and-set of the checkpoint adds what rows alone cannot: a zombie
// learns that it is one, at its first batch; the checkpoint never moves back, so
// that a client which saw its write does not stop seeing it; and a rebuild can
// stop all writers before it swaps tables.
//
// The argument needs all writers of a table to run the same fold. A table is
// therefore named after the hash of its definition: an old process writes into
// the old table only.
package projection
