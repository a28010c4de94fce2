package operations_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// TestWhatOperatorsDoIsInTheAuditTrail, whether it comes to something or not.
func TestWhatOperatorsDoIsInTheAuditTrail(t *testing.T) {
	t.Parallel()
	o := newOperated(t)
	tenant, event := uuid.New(), uuid.New()
	var errs [5]error
	_, errs[0] = o.Pause(t.Context(), "ann", o.reaction.Name)
	_, errs[1] = o.Resume(t.Context(), "bob", o.reaction.Name)
	_, errs[2] = o.Rebuild(t.Context(), "ann", "job.nothing")
	_, errs[3] = o.Replay(t.Context(), "ann", reaction.Filter{Consumer: o.reaction.Name, Tenant: &tenant})
	errs[4] = o.Discard(t.Context(), "ann", o.reaction.Name, tenant, event)
	if errs[0] != nil || errs[1] != nil || errs[2] == nil || errs[3] != nil || errs[4] == nil {
		t.Errorf("the answers are %v", errs)
	}
	want := []entry{
		{"ann", uuid.Nil, "PauseConsumer", o.reaction.Name},
		{"bob", uuid.Nil, "ResumeConsumer", o.reaction.Name},
		{"ann", uuid.Nil, "RebuildProjection", "job.nothing"},
		{"ann", tenant, "ReplayDeadLetters", o.reaction.Name},
		{"ann", tenant, "DiscardDeadLetter", o.reaction.Name + " " + event.String()},
	}
	if got := o.trail(t); !slices.Equal(got, want) {
		t.Errorf("the trail is %+v, want %+v", got, want)
	}
}

type entry struct {
	By     string
	Tenant uuid.UUID
	Action string
	Target string
}

func (o *operated) trail(t *testing.T) []entry {
	t.Helper()
	rows, err := o.Store.Reader().Query(t.Context(), `SELECT actor, tenant_id, action, target FROM oksai_audit.entries WHERE kind = 'operator_acted' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
	if err != nil {
		t.Fatal(err)
	}
	return all
}
