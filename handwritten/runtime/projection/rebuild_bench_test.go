package projection_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// benchEvents is a quarter as many jobs, each created, tagged, tagged and completed,
// with the events of ten thousand jobs interleaved.
const benchEvents = 1_000_000

// BenchmarkRebuild compares a rebuild with a plain scan of the same log. One run
// is enough: -benchtime 1x.
func BenchmarkRebuild(b *testing.B) {
	url := enginetest.Postgres(b)
	check(b, eventstore.Migrate(b.Context(), url))
	fill(b, url)
	store, err := eventstore.Open(b.Context(), eventstore.Config{URL: url})
	check(b, err)
	defer store.Close()
	config := projection.Config{ClickHouse: openClickHouse(b), Log: store, Partitions: 4, Store: projection.NewStore(store.Writer(), store.Reader(), time.Now)}
	for b.Loop() {
		started, events := time.Now(), 0
		for at := (event.Position{}); ; {
			page, err := store.ReadLog(b.Context(), at, 50_000)
			check(b, err)
			if len(page) == 0 {
				break
			}
			events += len(page)
			at = page[len(page)-1].Position
		}
		scan := time.Since(started)
		b.ReportMetric(float64(events)/scan.Seconds(), "scanned/s")
		for name, m := range map[string]projection.Model{"job_facts": facts(applyFacts).Model(), "stats": stats.Model(), "event_log": jobEvents.Model()} {
			started = time.Now()
			check(b, projection.NewRunner(m, config).Rebuild(b.Context()))
			b.ReportMetric(scan.Seconds()/time.Since(started).Seconds(), name+"-of-scan")
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		b.ReportMetric(float64(memory.Sys)/(1<<20), "MB-of-process")
	}
}

// fill writes a log without the event store: four events per job.
func fill(b *testing.B, url string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	check(b, err)
	defer conn.Close(context.Background())
	const perTransaction = 40_000
	for first := 0; first < benchEvents; first += perTransaction {
		_, err := conn.Exec(b.Context(), `
			INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type, schema_version, published,
				user_id, correlation_id, causation_id, trace, payload, at)
			SELECT 1, gen_random_uuid(), md5((job % 20)::text)::uuid, 'job', 'Job', md5('job' || job)::uuid, step + 1,
				(ARRAY['job.JobCreated', 'job.JobTagged', 'job.JobTagged', 'job.JobCompleted'])[step + 1], 1, true,
				'someone', gen_random_uuid(), gen_random_uuid(), '', ('{"title":"a job to be done soon","duration_ms":' || job || ',"tag":"t' || step || '"}')::json,
				'2026-01-01'::timestamptz + n * interval '1 second'
			FROM (SELECT n, $1::bigint / 4 + n % ($2::bigint / 4) AS job, n / ($2::bigint / 4) AS step FROM generate_series(0, $2::bigint - 1) n) numbers
			ORDER BY n`, first, perTransaction)
		check(b, err)
	}
}
