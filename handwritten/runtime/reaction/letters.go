package reaction

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/twmb/franz-go/pkg/kgo"
)

// letters writes one consumer's dead letters.
type letters struct {
	store    *eventstore.Store
	clock    func() time.Time
	consumer string
}

// standing is what the dead letters say of deliveries: which of their streams are
// parked, and which of their events were given up.
type standing struct {
	parked    map[streamKey]bool
	discarded map[uuid.UUID]bool
}

func (l letters) standing(ctx context.Context, work []delivery) (standing, error) {
	ids := make([]uuid.UUID, len(work))
	for i, d := range work {
		ids[i] = d.event.Stream.ID
	}
	s := standing{map[streamKey]bool{}, map[uuid.UUID]bool{}}
	rows, err := l.store.Reader().Query(ctx, `
		SELECT tenant_id, stream_id, event_id, status FROM oksai.dead_letters
		WHERE consumer = $1 AND status IN ('parked', 'discarded') AND stream_id = ANY ($2)`, l.consumer, ids)
	if err != nil {
		return s, fmt.Errorf("read the dead letters of %s: %w", l.consumer, err)
	}
	var key streamKey
	var id uuid.UUID
	var status string
	_, err = pgx.ForEachRow(rows, []any{&key.tenant, &key.id, &id, &status}, func() error {
		if status == "parked" {
			s.parked[key] = true
		} else {
			s.discarded[id] = true
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("read the dead letters of %s: %w", l.consumer, err)
	}
	return s, nil
}

// park keeps a delivery that failed. Parking it again counts its attempts; what
// was given up meanwhile stays so.
func (l letters) park(ctx context.Context, d delivery, failure error, attempts int) error {
	return l.write(ctx, d, func(tx pgx.Tx, record []byte) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO oksai.dead_letters AS l
				(tenant_id, consumer, event_id, stream_id, epoch, xid, seq, record, first_at, last_at, code, error, attempts, status)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, 'parked')
			ON CONFLICT (tenant_id, consumer, event_id) DO UPDATE
			SET attempts = l.attempts + EXCLUDED.attempts, last_at = EXCLUDED.last_at, code = EXCLUDED.code, error = EXCLUDED.error,
				status = CASE l.status WHEN 'discarded' THEN l.status ELSE 'parked' END`,
			append(l.columns(d, record), code(failure), failure.Error(), attempts)...)
		return err
	})
}

// parkBehind keeps a delivery whose stream is parked, to hold the order; where the
// stream is to be handled again, so is this one. It reports false, and keeps
// nothing, when the stream is not parked any more: the lock makes a replay that
// ends the parking and this statement take turns.
func (l letters) parkBehind(ctx context.Context, d delivery) (parked bool, err error) {
	err = l.write(ctx, d, func(tx pgx.Tx, record []byte) error {
		return tx.QueryRow(ctx, `
			WITH ahead AS (
				SELECT replay_at FROM oksai.dead_letters WHERE tenant_id = $1 AND consumer = $2 AND stream_id = $4 AND status = 'parked' FOR SHARE
			), parked AS (
				INSERT INTO oksai.dead_letters
					(tenant_id, consumer, event_id, stream_id, epoch, xid, seq, record, first_at, last_at, code, error, attempts, status, replay_at)
				SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 'BEHIND', 'an earlier event of its stream is parked', 0, 'parked',
					(SELECT $9::timestamptz FROM ahead WHERE replay_at IS NOT NULL LIMIT 1)
				WHERE EXISTS (SELECT FROM ahead)
				ON CONFLICT (tenant_id, consumer, event_id) DO NOTHING
			)
			SELECT EXISTS (SELECT FROM ahead)`, l.columns(d, record)...).Scan(&parked)
	})
	return parked, err
}

func (l letters) write(ctx context.Context, d delivery, do func(tx pgx.Tx, record []byte) error) error {
	record, err := json.Marshal(envelopeOf(d.record))
	if err == nil {
		err = l.store.InTenants(ctx, []uuid.UUID{d.event.Stream.Tenant}, func(tx pgx.Tx) error { return do(tx, record) })
	}
	if err != nil {
		return fmt.Errorf("park event %s of %s: %w", d.event.ID, l.consumer, err)
	}
	return nil
}

func (l letters) columns(d delivery, record []byte) []any {
	e := d.event
	return []any{e.Stream.Tenant, l.consumer, e.ID, e.Stream.ID, int32(d.at.Epoch), d.at.XID, d.at.Seq, record, l.clock().UTC()}
}

// envelope is a Kafka record as a dead letter keeps it: readable for operators,
// and complete, so that a replay decodes it as it was decoded first.
type envelope struct {
	Topic     string            `json:"topic"`
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Key       []byte            `json:"key"`
	Headers   map[string]string `json:"headers"`
	At        time.Time         `json:"at"`
	Payload   json.RawMessage   `json:"payload,omitempty"`
	// Raw is the value where Payload does not have it byte for byte: JSON is
	// stored without its spaces, and what is not JSON not at all. The inbox knows
	// an event by its bytes.
	Raw []byte `json:"raw,omitempty"`
}

func envelopeOf(r *kgo.Record) envelope {
	e := envelope{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Headers: map[string]string{}, At: r.Timestamp.UTC()}
	for _, h := range r.Headers {
		e.Headers[h.Key] = string(h.Value)
	}
	stored, err := json.Marshal(json.RawMessage(r.Value))
	if err == nil {
		e.Payload = stored
	}
	if err != nil || !bytes.Equal(stored, r.Value) {
		e.Raw = r.Value
	}
	return e
}

func (e envelope) record() *kgo.Record {
	r := &kgo.Record{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Key: e.Key, Timestamp: e.At, Value: e.Payload}
	if e.Raw != nil {
		r.Value = e.Raw
	}
	for key, value := range e.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: key, Value: []byte(value)})
	}
	return r
}
