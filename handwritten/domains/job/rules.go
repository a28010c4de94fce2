// Package job holds the job module's rules that its spec leaves to judgement.
package job

import (
	"time"

	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Rules implements job.Rules.
type Rules struct{}

var _ job.Rules = Rules{}

// ReprioritiseJob gives a job that is not finished another priority.
func (Rules) ReprioritiseJob(state *job.Job, command job.ReprioritiseJob, _ time.Time) ([]event.Data, error) {
	if state.Priority == command.Priority {
		return nil, nil
	}
	if state.Status != job.JobStatusPending && state.Status != job.JobStatusInProgress {
		return nil, problem.Rule("JOB_FINISHED", "a finished job cannot be changed")
	}
	return []event.Data{&job.JobReprioritised{Priority: command.Priority}}, nil
}
