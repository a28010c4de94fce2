// Package job holds the rules of the job module that the spec leaves to people.
package job

import (
	"time"

	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Rules decides what the spec does not.
type Rules struct{}

var _ job.Rules = Rules{}

// ReprioritiseJob changes the priority of a job that is not finished. How many
// urgent jobs a plan allows is the spec's limit, kept when the event is appended.
func (Rules) ReprioritiseJob(state *job.Job, cmd job.ReprioritiseJob, _ time.Time) ([]event.Data, error) {
	if state.Priority == cmd.Priority {
		return nil, nil
	}
	if state.Status == job.JobStatusCompleted || state.Status == job.JobStatusCancelled {
		return nil, problem.Rule("JOB_FINISHED", "a finished job cannot be changed")
	}
	return []event.Data{job.JobReprioritised(cmd)}, nil
}
