package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

const (
	fillBatch = 20_000 // events of one transaction
	scanPage  = 50_000 // as a rebuild reads
	again     = 3      // a rebuild is long: it is repeated less than other things
)

// rebuilds compares building each read model anew with reading the log, page by
// page and safely, and doing nothing.
func rebuilds(ctx context.Context, l *lab) (lines []line, err error) {
	db, err := l.database(ctx)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, db.postgres, l.events); err != nil {
		return nil, err
	}
	store, err := eventstore.Open(ctx, eventstore.Config{URL: db.postgres})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	clickhouse, err := projection.Open(db.clickhouse)
	if err != nil {
		return nil, err
	}
	defer clickhouse.Close()
	fewer := *l
	fewer.pairs = min(l.pairs, again)
	log := &watchedLog{Store: store, total: l.events}
	config := projection.Config{ClickHouse: clickhouse, Log: log, Partitions: 4, Store: projection.NewStore(store.Writer(), store.Reader(), time.Now)}
	scan := func(ctx context.Context, _ time.Time) (int, error) { return scanLog(ctx, store) }
	for _, model := range job.Models() {
		debug.FreeOSMemory() // of what was measured before
		log.reset()
		d, err := fewer.compare(ctx, func(ctx context.Context, _ time.Time) (int, error) {
			log.seen = 0
			return l.events, projection.NewRunner(model, config).Rebuild(ctx)
		}, scan)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("rebuild of %s, %d events", model.Described().Name, l.events)
		lines = append(lines, ratio(name, "plain safe scan of the log", 0.25, d), log.flat(name))
	}
	return lines, nil
}

func scanLog(ctx context.Context, log projection.LogReader) (events int, err error) {
	for at := (event.Position{}); ; {
		page, err := log.ReadLog(ctx, at, scanPage)
		if err != nil || len(page) == 0 {
			return events, err
		}
		events += len(page)
		at = page[len(page)-1].Position
	}
}

// watchedLog notes how much memory the process has in each quarter of a rebuild.
type watchedLog struct {
	*eventstore.Store
	total, seen int
	most        [4]float64 // MB
}

func (w *watchedLog) reset() { w.most = [4]float64{} }

// ReadLog implements projection.LogReader.
func (w *watchedLog) ReadLog(ctx context.Context, after event.Position, limit int) ([]event.Recorded, error) {
	page, err := w.Store.ReadLog(ctx, after, limit)
	quarter := min(4*w.seen/w.total, 3)
	w.seen += len(page)
	w.most[quarter] = max(w.most[quarter], residentMB(os.Getpid()))
	return page, err
}

// flat is the line that says whether the second half needed more than the first.
func (w *watchedLog) flat(name string) line {
	growth := slices.Max(w.most[2:])/slices.Max(w.most[:2]) - 1
	flat := below(name+", growth of memory in the second half", 10, 100*max(growth, 0), percent)
	flat.note = fmt.Sprintf("the process, with these measurements in it, had at most %.0f MB in the quarters", w.most)
	return flat
}

// fill writes a log without the event store: four events per job, those of five
// thousand jobs interleaved.
func fill(ctx context.Context, url string, events int) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for first := 0; first < events; first += fillBatch {
		if _, err := conn.Exec(ctx, fillSQL, first, fillBatch); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, "VACUUM ANALYZE oksai.events")
	return err
}

const fillSQL = `
	INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type, schema_version, published,
		user_id, correlation_id, causation_id, trace, payload, at)
	SELECT 1, gen_random_uuid(), md5((job % 20)::text)::uuid, 'job', 'Job', md5('job' || job)::uuid, step + 1,
		(ARRAY['job.JobCreated', 'job.JobStarted', 'job.JobTagged', 'job.JobCompleted'])[step + 1], 1, true,
		'someone', gen_random_uuid(), gen_random_uuid(), '',
		(ARRAY['{"title":"a job to be done soon","priority":"normal","tags":["some"],"created_at":"2026-01-01T00:00:00.000000Z"}',
			'{"started_at":"2026-01-01T00:00:01.000000Z"}', '{"tag":"more","tags":["some","more"]}',
			'{"completed_at":"2026-01-01T00:00:09.000000Z","duration_ms":8000}'])[step + 1]::json,
		'2026-01-01'::timestamptz + n * interval '1 second'
	FROM (SELECT n, $1::bigint / 4 + n % ($2::bigint / 4) AS job, n / ($2::bigint / 4) AS step FROM generate_series(0, $2::bigint - 1) n) numbers
	ORDER BY n`
