package job_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/gen/job"
	rules "github.com/oksai/oksai/handwritten/domains/job"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/command/giventest"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

var (
	created   = job.JobCreated{Title: "Ship", Priority: job.PriorityNormal, Tags: []string{"sea"}, CreatedAt: noon}
	started   = job.JobStarted{StartedAt: noon}
	completed = job.JobCompleted{CompletedAt: noon.Add(time.Minute), DurationMs: 60_000}
	cancelled = job.JobCancelled{Reason: "late"}
	someone   = uuid.MustParse("00000000-0000-0000-0000-00000000000a")
	member    = identity.MemberStatusMember
	removed   = identity.MemberStatusRemoved
	noon      = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
)

type (
	decision = func(*job.Job, time.Time) ([]event.Data, error)
	past     = []event.Data
)

func given(events past) giventest.Scenario[job.Job] {
	return giventest.Given(job.JobAggregate(), events...).At(noon)
}

func when(decide decision) func(*job.Job, time.Time) (command.Decision[job.Job], error) {
	return func(state *job.Job, now time.Time) (command.Decision[job.Job], error) {
		events, err := decide(state, now)
		return command.Decision[job.Job]{Events: events}, err
	}
}

func reprioritise(p job.Priority) decision {
	return func(state *job.Job, now time.Time) ([]event.Data, error) {
		return job.ReprioritiseJob{Priority: p}.Decide(rules.Rules{}, state, now)
	}
}

// assign assigns a job to somebody who is the tenant's or not.
func assign(status *identity.MemberStatus) decision {
	return func(state *job.Job, now time.Time) ([]event.Data, error) {
		return job.AssignJob{AssignedTo: someone}.Decide(state, job.AssignJobFacts{Assignee: status}, now)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	create := job.NewCreateJob()
	create.Title = "Ship"
	for _, c := range []struct {
		name    string
		given   past
		when    decision
		then    past
		refused string
	}{
		{name: "a job starts pending, with normal priority", when: create.Decide,
			then: past{job.JobCreated{Title: "Ship", Priority: job.PriorityNormal, Tags: []string{}, CreatedAt: noon}}},

		{name: "a pending job is assigned", given: past{created}, when: assign(&member),
			then: past{job.JobAssigned{AssignedTo: someone}}},
		{name: "a finished job is not assigned", given: past{created, started, completed}, when: assign(&member), refused: "JOB_FINISHED"},
		{name: "a job is not assigned to who has left the tenant", given: past{created}, when: assign(&removed), refused: "NOT_A_MEMBER"},
		{name: "a job is not assigned to who was never there", given: past{created}, when: assign(nil), refused: "NOT_A_MEMBER"},

		{name: "a pending job starts", given: past{created}, when: job.StartJob{}.Decide, then: past{job.JobStarted{StartedAt: noon}}},
		{name: "a started job does not start", given: past{created, started}, when: job.StartJob{}.Decide, refused: "JOB_NOT_PENDING"},
		{name: "a cancelled job does not start", given: past{created, cancelled}, when: job.StartJob{}.Decide, refused: "JOB_NOT_PENDING"},

		{name: "a job in progress completes, and how long it took is known", given: past{created, job.JobStarted{StartedAt: noon.Add(-90 * time.Second)}},
			when: job.CompleteJob{}.Decide, then: past{job.JobCompleted{CompletedAt: noon, DurationMs: 90_000}}},
		{name: "a pending job does not complete", given: past{created}, when: job.CompleteJob{}.Decide, refused: "JOB_NOT_IN_PROGRESS"},
		{name: "a completed job does not complete", given: past{created, started, completed}, when: job.CompleteJob{}.Decide, refused: "JOB_NOT_IN_PROGRESS"},

		{name: "a pending job is cancelled", given: past{created}, when: job.CancelJob{Reason: "late"}.Decide, then: past{cancelled}},
		{name: "a job in progress is cancelled", given: past{created, started}, when: job.CancelJob{Reason: "late"}.Decide, then: past{cancelled}},
		{name: "a completed job is not cancelled", given: past{created, started, completed}, when: job.CancelJob{Reason: "late"}.Decide, refused: "JOB_FINISHED"},

		{name: "a job is retitled", given: past{created}, when: job.RetitleJob{Title: "Sail"}.Decide, then: past{job.JobRetitled{Title: "Sail"}}},
		{name: "a finished job is not retitled", given: past{created, cancelled}, when: job.RetitleJob{Title: "Sail"}.Decide, refused: "JOB_FINISHED"},

		{name: "a job is tagged", given: past{created}, when: job.TagJob{Tag: "fast"}.Decide,
			then: past{job.JobTagged{Tag: "fast", Tags: []string{"sea", "fast"}}}},
		{name: "a finished job is not tagged", given: past{created, cancelled}, when: job.TagJob{Tag: "fast"}.Decide, refused: "JOB_FINISHED"},
		{name: "a job has at most 20 tags", given: past{createdWithTags(20)}, when: job.TagJob{Tag: "fast"}.Decide, refused: "TOO_MANY_TAGS"},
		{name: "19 tags leave room for one", given: past{createdWithTags(19)}, when: job.TagJob{Tag: "fast"}.Decide,
			then: past{job.JobTagged{Tag: "fast", Tags: append(createdWithTags(19).Tags, "fast")}}},

		{name: "a job is reprioritised", given: past{created}, when: reprioritise(job.PriorityUrgent), then: past{job.JobReprioritised{Priority: job.PriorityUrgent}}},
		{name: "a job in progress is reprioritised", given: past{created, started}, when: reprioritise(job.PriorityLow), then: past{job.JobReprioritised{Priority: job.PriorityLow}}},
		{name: "a completed job is not reprioritised", given: past{created, started, completed}, when: reprioritise(job.PriorityUrgent), refused: "JOB_FINISHED"},
		{name: "a cancelled job is not reprioritised", given: past{created, cancelled}, when: reprioritise(job.PriorityUrgent), refused: "JOB_FINISHED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := given(c.given).When(when(c.when))
			if c.refused != "" {
				result.Refused(t, c.refused)
				return
			}
			result.Then(t, c.then...)
		})
	}
}

// TestTheSameCommandAgainWritesNothing holds for the commands that are idempotent.
func TestTheSameCommandAgainWritesNothing(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]decision{
		"assign":       assign(&member),
		"cancel":       job.CancelJob{Reason: "late"}.Decide,
		"retitle":      job.RetitleJob{Title: "Sail"}.Decide,
		"tag":          job.TagJob{Tag: "fast"}.Decide,
		"reprioritise": reprioritise(job.PriorityHigh),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first past
			result := given(past{created}).When(when(func(state *job.Job, now time.Time) (events []event.Data, err error) {
				first, err = decide(state, now)
				return first, err
			}))
			result.Then(t, first...)
			if len(first) == 0 {
				t.Fatal("the command wrote nothing the first time")
			}
			given(append(past{created}, first...)).When(when(decide)).Unchanged(t)
		})
	}
}

func createdWithTags(n int) job.JobCreated {
	e := created
	e.Tags = nil
	for i := range n {
		e.Tags = append(e.Tags, string(rune('a'+i)))
	}
	return e
}
