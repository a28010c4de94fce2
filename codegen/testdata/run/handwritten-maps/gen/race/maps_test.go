package race

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"example.com/corpus/handwritten-maps/gen/race/db"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/projection"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// rules are what a person writes for the case.
type rules struct{}

func (rules) MapLapRunToRunners(row *RunnersRow, _ *event.Recorded, data LapRun) (projection.Effect, error) {
	row.RunnerID = uuid.Nil // a map cannot move a row: its key is put back
	row.Laps++
	row.MedianMs = new(median(data.Laps))
	return projection.Keep, nil
}

func (rules) MapRaceLeftToRunners(row *RunnersRow, _ *event.Recorded, _ RaceLeft) (projection.Effect, error) {
	if row.Laps > 0 {
		return projection.Skip, nil
	}
	return projection.Delete, nil
}

func (rules) MapRunnerEnteredToStandings(row *db.Standings, _ *event.Recorded, data RunnerEntered) (projection.Effect, error) {
	row.Name = data.Name
	return projection.Keep, nil
}

func (rules) MapLapRunToStandings(row *db.Standings, _ *event.Recorded, data LapRun) (projection.Effect, error) {
	row.RunnerID, row.MedianMs = uuid.Nil, median(data.Laps)
	return projection.Keep, nil
}

func (rules) MapRunnerEnteredToBibs(row *db.Bibs, e *event.Recorded, data RunnerEntered) (projection.Effect, error) {
	row.Bib = data.Name[:1] + e.At.Format("06")
	return projection.Keep, nil
}

func (rules) MapRaceLeftToBibs(*db.Bibs, *event.Recorded, RaceLeft) (projection.Effect, error) {
	return projection.Delete, nil
}

func median(laps []time.Duration) int64 {
	sorted := slices.Sorted(slices.Values(laps))
	return sorted[len(sorted)/2].Milliseconds()
}

// race is a platform with real engines.
type race struct {
	*Repositories
	*Runners
	projection.Config
	tenant uuid.UUID
}

func begin(t *testing.T) race {
	t.Helper()
	url := enginetest.Postgres(t)
	check(t, eventstore.Migrate(t.Context(), url))
	schema, err := os.ReadFile("../../sql/schema/race.postgres.sql")
	check(t, err)
	conn, err := pgx.Connect(t.Context(), url)
	check(t, err)
	_, err = conn.Exec(t.Context(), string(schema))
	check(t, err)
	check(t, conn.Close(t.Context()))
	store, err := eventstore.Open(t.Context(), eventstore.Config{URL: url})
	check(t, err)
	running, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- store.Run(running) }()
	t.Cleanup(func() { stop(); <-stopped; store.Close() })
	clickhouse, err := projection.Open(enginetest.ClickHouse(t))
	check(t, err)
	t.Cleanup(func() { clickhouse.Close() })
	repos := NewRepositories(store, rules{})
	return race{repos, NewRunners(repos, rules{}), projection.Config{
		ClickHouse: clickhouse, Log: store, Partitions: 2, Store: projection.NewStore(store.Writer(), store.Reader(), time.Now),
	}, uuid.New()}
}

// run lets a command's decision happen.
func (r race) run(t *testing.T, id uuid.UUID, creates bool, decide func(*Runner, time.Time) (command.Decision[Runner], error), err error) {
	t.Helper()
	check(t, err)
	_, err = r.Repository().Execute(t.Context(), command.Request[Runner]{Tenant: r.tenant, ID: id, Creates: creates, Decide: decide})
	check(t, err)
}

func TestMapsByHandAreRebuiltToTheSameRows(t *testing.T) {
	r, ctx, caller := begin(t), t.Context(), command.Caller{}
	ann, bob := uuid.New(), uuid.New()
	for id, name := range map[uuid.UUID]string{ann: "ann", bob: "bob"} {
		decide, err := r.EnterRunner(ctx, caller, EnterRunner{Name: name})
		r.run(t, id, true, decide, err)
	}
	for _, took := range []time.Duration{70 * time.Second, 50 * time.Second, 60 * time.Second, time.Millisecond} {
		decide, err := r.RunLap(ctx, caller, RunLap{Took: took})
		r.run(t, ann, false, decide, err)
	}
	for _, id := range []uuid.UUID{ann, bob} {
		decide, err := r.LeaveRace(ctx, caller, LeaveRace{})
		r.run(t, id, false, decide, err)
	}
	models, tables := Models(rules{}), Tables(rules{})
	for range 2 {
		check(t, projection.NewRunner(models[0], r.Config).Rebuild(ctx))
		check(t, projection.NewAsync(tables[0], r.Config).Rebuild(ctx))
		same(t, []string{ann.String() + " ann 3 60000"}, rows(t, r, "SELECT toString(runner_id) || ' ' || name || ' ' || toString(laps) || ' ' || toString(assumeNotNull(median_ms)) FROM "+RunnersProjection.Table.SQLName()+" FINAL WHERE _deleted = 0"))
		same(t, []string{"ann 60000", "bob 0"}, tableRows(t, r, "SELECT name || ' ' || median_ms FROM race.standings ORDER BY name"))
	}
	same(t, nil, tableRows(t, r, "SELECT bib FROM race.bibs"))
}

func TestUnwrittenMapParksTheEvent(t *testing.T) {
	t.Parallel()
	if _, err := (UnimplementedRules{}).MapLapRunToRunners(nil, nil, LapRun{}); err == nil {
		t.Error("a map that is not written leaves the row as it is, without a word")
	}
}

func rows(t *testing.T, r race, query string) (all []string) {
	t.Helper()
	found, err := r.ClickHouse.Query(t.Context(), query)
	check(t, err)
	defer found.Close()
	for found.Next() {
		var row string
		check(t, found.Scan(&row))
		all = append(all, row)
	}
	check(t, found.Err())
	return all
}

// tableRows reads as a query of the tenant does: rows of others are not seen.
func tableRows(t *testing.T, r race, query string) (all []string) {
	t.Helper()
	check(t, pgx.BeginFunc(t.Context(), r.Log.(*eventstore.Store).Reader(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SELECT set_config('oksai.tenants', $1::uuid[]::text, true)`, []uuid.UUID{r.tenant}); err != nil {
			return err
		}
		found, err := tx.Query(t.Context(), query)
		if err != nil {
			return err
		}
		for found.Next() {
			var row string
			if err := found.Scan(&row); err != nil {
				return err
			}
			all = append(all, row)
		}
		return found.Err()
	}))
	return all
}

func same(t *testing.T, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
