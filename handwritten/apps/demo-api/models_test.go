package main

import (
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
)

// checkModels compares the API's read models, up to the write that seen names,
// with the histories of all jobs, and these with what was answered: acked has
// every job with the least version it must have. It returns those they have.
func checkModels(t *testing.T, c apptest.Caller, acked map[string]int64, seen string) map[string]int64 {
	t.Helper()
	versions := map[string]int64{}
	rows := map[string]jobRow{}
	for _, row := range apptest.List[jobRow](t, c, "/jobs", seen) {
		if _, twice := rows[row.ID]; twice {
			t.Errorf("job %s is listed twice", row.ID)
		}
		rows[row.ID] = row
	}
	if len(rows) != len(acked) {
		t.Errorf("%d jobs are listed, want the %d that were answered", len(rows), len(acked))
	}
	days := map[string]dayRow{}
	for id, version := range acked {
		history := apptest.List[recorded](t, c, "/jobs/"+id+"/history", "")
		if int64(len(history)) < version {
			t.Errorf("job %s has %d events, but version %d was answered", id, len(history), version)
		}
		for i, e := range history {
			if e.Version != int64(i+1) {
				t.Errorf("event %d of job %s has version %d", i+1, id, e.Version)
			}
		}
		if want, got := foldJob(id, history), rows[id]; !sameRow(got, want) {
			t.Errorf("job %s is listed as %+v, its history says %+v", id, got, want)
		}
		countDays(days, history)
		versions[id] = int64(len(history))
	}
	checkDays(t, c, days, seen)
	return versions
}

func checkDays(t *testing.T, c apptest.Caller, want map[string]dayRow, seen string) {
	t.Helper()
	got := apptest.List[dayRow](t, c, "/daily-jobs", seen)
	if len(got) != len(want) {
		t.Errorf("statistics of %d days, want %d", len(got), len(want))
	}
	for _, day := range got {
		if day != want[day.Day] {
			t.Errorf("statistics %+v, the histories say %+v", day, want[day.Day])
		}
	}
}

// foldJob is the row that a job's events should have led to.
func foldJob(id string, history []recorded) jobRow {
	row := jobRow{ID: id}
	for _, e := range history {
		switch e.Type {
		case "job.JobCreated":
			row.Title, row.Status = e.Data.Title, "pending"
		case "job.JobStarted":
			row.Status, row.StartedAt = "in_progress", e.Data.StartedAt
		case "job.JobCompleted":
			row.Status, row.CompletedAt, row.DurationMS = "completed", e.Data.CompletedAt, e.Data.DurationMS
		}
	}
	return row
}

func countDays(days map[string]dayRow, history []recorded) {
	for _, e := range history {
		day := days[e.At.UTC().Format(time.DateOnly)]
		day.Day = e.At.UTC().Format(time.DateOnly)
		switch e.Type {
		case "job.JobCreated":
			day.Created++
		case "job.JobCompleted":
			day.Completed++
			day.DurationMS += *e.Data.DurationMS
		default:
			continue
		}
		days[day.Day] = day
	}
}

func sameRow(a, b jobRow) bool {
	return a.ID == b.ID && a.Title == b.Title && a.Status == b.Status &&
		same(a.StartedAt, b.StartedAt, time.Time.Equal) && same(a.CompletedAt, b.CompletedAt, time.Time.Equal) &&
		same(a.DurationMS, b.DurationMS, func(x, y int64) bool { return x == y })
}

// same compares two values that may be absent.
func same[T any](a, b *T, equal func(T, T) bool) bool {
	return (a == nil) == (b == nil) && (a == nil || equal(*a, *b))
}
