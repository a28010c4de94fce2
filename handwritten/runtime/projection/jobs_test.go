package projection_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// job is the payload of all of the tests' events: what a generated module would
// spread over several types.
type job struct {
	Kind       string    `json:"-"`
	Title      string    `json:"title,omitempty"`
	DurationMs int64     `json:"duration_ms,omitempty"`
	Tag        string    `json:"tag,omitempty"`
	Day        time.Time `json:"-"`
}

func (j *job) EventType() string            { return "job." + j.Kind }
func (j *job) SchemaVersion() int           { return 1 }
func (j *job) Published() bool              { return false }
func (j *job) AppendJSON(dst []byte) []byte { b, _ := json.Marshal(j); return append(dst, b...) }

const (
	created   = "job.JobCreated"
	completed = "job.JobCompleted"
	tagged    = "job.JobTagged"
	untagged  = "job.JobUntagged"
	deleted   = "job.JobDeleted"
	poison    = "job.JobPoison"
)

func decodeJob(e *event.Recorded) (event.Data, error) {
	switch e.Type {
	case created, completed, tagged, untagged, deleted, poison:
		j := &job{Kind: e.Type[len("job."):], Day: projection.Day(e.At)}
		return j, json.Unmarshal(e.Payload, j)
	}
	return nil, nil
}

type factsRow struct {
	JobID      uuid.UUID
	Title      string
	Status     string
	CreatedAt  time.Time
	DurationMs *int64
	Shortest   *int64
	Tags       []string
	Events     int64
}

const jobHash = "1f0c9a52aaaaaaaaaaaaaaaaaaaaaaaa"

// facts has one row per job: set, add, append, remove, min and delete.
func facts(apply func(*factsRow, bool, *event.Recorded, event.Data) (projection.Effect, error)) projection.Definition[uuid.UUID, factsRow] {
	return projection.Definition[uuid.UUID, factsRow]{
		Table: projection.Table{
			Module: "job", Name: "job_facts", Hash: jobHash,
			DDL: `CREATE TABLE {table} (tenant_id UUID, job_id UUID, title String, status LowCardinality(String), created_at DateTime64(6, 'UTC'),
				duration_ms Nullable(Int64), shortest Nullable(Int64), tags Array(String), events Int64, _position UInt128, _deleted UInt8)
				ENGINE = ReplacingMergeTree(_position) ORDER BY (tenant_id, job_id)`,
			Key: []string{"job_id"},
			Columns: []projection.Column{{Name: "job_id", Type: "UUID"}, {Name: "title", Type: "String"}, {Name: "status", Type: "String"}, {Name: "created_at", Type: "DateTime64(6, 'UTC')"},
				{Name: "duration_ms", Type: "Nullable(Int64)"}, {Name: "shortest", Type: "Nullable(Int64)"}, {Name: "tags", Type: "Array(String)"}, {Name: "events", Type: "Int64"}},
		},
		Decode:    decodeJob,
		Key:       func(e *event.Recorded, _ event.Data) (uuid.UUID, bool) { return e.Stream.ID, true },
		New:       func(key uuid.UUID) factsRow { return factsRow{JobID: key} },
		Apply:     apply,
		KeyOf:     func(r *factsRow) uuid.UUID { return r.JobID },
		KeyValues: func(key uuid.UUID) []any { return []any{key} },
		Values: func(r *factsRow) []any {
			return []any{r.JobID, r.Title, r.Status, r.CreatedAt, r.DurationMs, r.Shortest, r.Tags, r.Events}
		},
		Scan: func(r *factsRow) []any {
			return []any{&r.JobID, &r.Title, &r.Status, &r.CreatedAt, &r.DurationMs, &r.Shortest, &r.Tags, &r.Events}
		},
	}
}

func applyFacts(row *factsRow, exists bool, e *event.Recorded, data event.Data) (projection.Effect, error) {
	j := data.(*job)
	row.Events++
	switch e.Type {
	case created:
		row.Title, row.Status, row.CreatedAt = j.Title, "pending", projection.Micro(e.At)
	case completed:
		if !exists {
			return projection.Skip, nil
		}
		row.Status, row.DurationMs = "completed", &j.DurationMs
		row.Shortest = projection.Min(row.Shortest, j.DurationMs)
	case tagged:
		row.Tags = projection.Add(row.Tags, j.Tag)
	case untagged:
		row.Tags = projection.Remove(row.Tags, j.Tag)
	case deleted:
		return projection.Delete, nil
	case poison:
		row.Title = "half of a change"
		if j.Title == "panic" {
			var none *factsRow
			none.Title = ""
		}
		return projection.Keep, errors.New("cannot take poison")
	}
	return projection.Keep, nil
}

type statsKey struct {
	Day    time.Time
	Status string
}

type statsRow struct {
	Day     time.Time
	Status  string
	Events  int64
	Ms      int64
	Longest *int64
}

// stats counts per day and kind of event: rows that many streams share.
var stats = projection.Definition[statsKey, statsRow]{
	Table: projection.Table{
		Module: "job", Name: "daily_stats", Hash: jobHash,
		DDL: `CREATE TABLE {table} (tenant_id UUID, day Date32, status String, events Int64, ms Int64, longest Nullable(Int64), _position UInt128, _deleted UInt8)
			ENGINE = ReplacingMergeTree(_position) ORDER BY (tenant_id, day, status)`,
		Key:     []string{"day", "status"},
		Columns: []projection.Column{{Name: "day", Type: "Date32"}, {Name: "status", Type: "String"}, {Name: "events", Type: "Int64"}, {Name: "ms", Type: "Int64"}, {Name: "longest", Type: "Nullable(Int64)"}},
	},
	Decode: decodeJob,
	Key: func(e *event.Recorded, data event.Data) (statsKey, bool) {
		j := data.(*job)
		return statsKey{Day: j.Day, Status: j.Kind + `'s \`}, e.Type != tagged
	},
	New: func(key statsKey) statsRow { return statsRow{Day: key.Day, Status: key.Status} },
	Apply: func(row *statsRow, _ bool, e *event.Recorded, data event.Data) (projection.Effect, error) {
		if e.Type == poison {
			return projection.Skip, errors.New("cannot take poison")
		}
		j := data.(*job)
		row.Events++
		row.Ms += j.DurationMs
		row.Longest = projection.Max(row.Longest, j.DurationMs)
		return projection.Keep, nil
	},
	KeyOf:     func(r *statsRow) statsKey { return statsKey{Day: projection.Day(r.Day), Status: r.Status} },
	KeyValues: func(key statsKey) []any { return []any{key.Day, key.Status} },
	Values:    func(r *statsRow) []any { return []any{r.Day, r.Status, r.Events, r.Ms, r.Longest} },
	Scan:      func(r *statsRow) []any { return []any{&r.Day, &r.Status, &r.Events, &r.Ms, &r.Longest} },
}

var jobEvents = projection.EventLog{
	Table:   projection.EventLogTable("job", "job_events", jobHash, 3650),
	Handles: func(e *event.Recorded) bool { return e.Stream.Module == "job" },
}

// log makes a log of n events of a few tenants' jobs, some deleted and started
// anew. The same random source gives the same log.
func makeLog(random *rand.Rand, n, jobs int) []event.Recorded {
	start := time.Date(2026, 3, 1, 22, 0, 0, 123456000, time.UTC)
	kinds := []string{created, completed, tagged, untagged, completed, tagged, "other.Thing", deleted}
	versions := map[uuid.UUID]int64{}
	log := make([]event.Recorded, n)
	for i := range log {
		number := random.IntN(jobs)
		id := uuid.UUID{1, byte(number), byte(number >> 8), byte(number >> 16)}
		versions[id]++
		j := &job{Title: "job " + string(rune('a'+random.IntN(26))), DurationMs: random.Int64N(1000), Tag: string(rune('a' + random.IntN(5)))}
		log[i] = event.Recorded{
			ID:      uuid.UUID{2, byte(i), byte(i >> 8), byte(i >> 16)},
			Stream:  event.Stream{Module: "job", Type: "Job", Tenant: uuid.UUID{3, byte(number % 3)}, ID: id},
			Version: versions[id], Position: event.Position{Epoch: 1, XID: uint64(700 + i/3), Seq: int64(i + 1)},
			Type: kinds[random.IntN(len(kinds))], SchemaVersion: 1, Payload: j.AppendJSON(nil), At: start.Add(time.Duration(i) * time.Minute),
		}
	}
	return log
}
