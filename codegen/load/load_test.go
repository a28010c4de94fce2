package load_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/load"
)

// specs loads the platform's own specs, which must be right.
func specs(t *testing.T) *ir.Platform {
	t.Helper()
	p, diags := load.Dir("../../spec")
	for _, d := range diags {
		t.Errorf("%s: %s", d.Pos, d.Message)
	}
	if t.Failed() {
		t.FailNow()
	}
	return p
}

func module(t *testing.T, name string) *ir.Module {
	t.Helper()
	for _, m := range specs(t).Modules {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("there is no module %s", name)
	return nil
}

func TestDefaultRoutes(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, name := range []string{"job", "tenant"} {
		m := module(t, name)
		for _, a := range m.Aggregates {
			for _, c := range a.Commands {
				got[c.Name] = c.HTTP.Method + " " + c.HTTP.Path
			}
		}
		for _, q := range m.Queries {
			got[q.Name] = q.HTTP.Method + " " + q.HTTP.Path
		}
	}
	for name, want := range map[string]string{
		"CreateJob": "POST /jobs", "StartJob": "POST /jobs/{id}/start", "ChangePlan": "POST /tenants/{id}/change-plan",
		"GetJob": "GET /jobs/{id}", "ListJobs": "GET /jobs", "DailyJobs": "GET /daily-jobs", "JobOverview": "GET /job-overview",
		"JobAt": "GET /jobs/{id}/at", "JobHistory": "GET /jobs/{id}/history", "ListTenants": "GET /tenants",
		"FindTenantBySlug": "GET /tenants/by-slug/{slug}",
	} {
		if got[name] != want {
			t.Errorf("%s is at %q, want %q", name, got[name], want)
		}
	}
}

func TestFieldsAreCarriedOver(t *testing.T) {
	t.Parallel()
	a := module(t, "job").Aggregate("Job")
	create := a.Command("CreateJob").Emits[0]
	if diff := cmp.Diff([]string{"title=command.title", "priority=command.priority", "tags=command.tags", "created_at=now"}, assignments(create.Fields)); diff != "" {
		t.Error("from command to event:", diff)
	}
	want := []string{"title=event.title", "status=pending", "priority=event.priority", "tags=event.tags", "created_at=event.created_at"}
	if diff := cmp.Diff(want, assignments(a.Event("JobCreated").Sets)); diff != "" {
		t.Error("from event to state:", diff)
	}
}

func assignments(all []*ir.Assignment) []string {
	var list []string
	for _, a := range all {
		text, _ := a.Value.Value.(string)
		for i, p := range a.Value.Path {
			if i > 0 {
				text += "."
			}
			text += p
		}
		list = append(list, a.Field+"="+text)
	}
	return list
}

func TestInlineEnumsOfAColumnAreTheStates(t *testing.T) {
	t.Parallel()
	m := module(t, "job")
	state, column := m.Aggregate("Job").State[1], m.Projection("job_facts").Column("status")
	if state.Type.Def != column.Type.Def || state.Type.Def.Name != "JobStatus" {
		t.Errorf("the column is a %s, the state a %s", column.Type.Def.Name, state.Type.Def.Name)
	}
}

func TestKeysOfHandlers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"job_facts": "job_id=event.stream_id", "tenant_daily_job_stats": "day="} {
		for _, h := range module(t, "job").Projection(name).Handlers {
			if diff := cmp.Diff([]string{want}, assignments(h.Key)); diff != "" {
				t.Errorf("%s on %s: %s", name, h.Event.Name, diff)
			}
		}
	}
}

func TestLimitsAndFacts(t *testing.T) {
	t.Parallel()
	limit := module(t, "job").Aggregate("Job").Limits[0]
	fact := limit.Facts[0]
	if fact.Aggregate.Name != "Tenant" || fact.Type.Def.Name != "Plan" || cmp.Diff([]string{"plan"}, fact.Path) != "" {
		t.Errorf("the fact is %+v", fact)
	}
	if limit.Bound.Op != ir.Call || limit.Bound.Fn != "max_urgent_jobs" || limit.Bound.Type.Kind != ir.Int || limit.Least {
		t.Errorf("the maximum is %+v", limit.Bound)
	}
}
