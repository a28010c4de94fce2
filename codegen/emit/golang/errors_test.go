package golang_test

import (
	"strings"
	"testing"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/emit/golang"
	"github.com/oksai/oksai/codegen/ir"
)

func aggregate(module, name, plural string, line int) *ir.Aggregate {
	return &ir.Aggregate{Module: module, Name: name, Plural: plural, Scope: ir.ScopeTenant,
		State: []*ir.Field{{Name: "size", Type: ir.Type{Kind: ir.Int}}}, Pos: diag.Pos{File: "spec/" + module + ".yaml", Line: line, Col: 3}}
}

// TestWhatCannotBeEmittedIsReportedWithItsPlace holds for what the checks let pass.
func TestWhatCannotBeEmittedIsReportedWithItsPlace(t *testing.T) {
	t.Parallel()
	job, jobs := aggregate("job", "Job", "jobs", 4), aggregate("job", "Jobs", "jobses", 9)
	fact := func(of *ir.Aggregate) []*ir.Fact {
		return []*ir.Fact{{Name: "size", Aggregate: of, ID: &ir.Expr{Op: ir.Variable, Path: []string{"context", "tenant_id"}}, Path: []string{"size"}, Type: ir.Type{Kind: ir.Int}}}
	}
	a, b := aggregate("a", "Ant", "ants", 1), aggregate("b", "Bee", "bees", 1)
	a.Commands = []*ir.Command{{Name: "Bite", Handwritten: true, Facts: fact(b)}}
	b.Commands = []*ir.Command{{Name: "Sting", Handwritten: true, Facts: fact(a)}}
	twins := aggregate("c", "Cat", "cats", 2)
	twins.State = append(twins.State, &ir.Field{Name: "Size", Type: ir.Type{Kind: ir.Int}, Pos: diag.Pos{File: "spec/c.yaml", Line: 7, Col: 9}})

	for name, c := range map[string]struct {
		modules []*ir.Module
		want    string
	}{
		"names that are the same in Go": {
			[]*ir.Module{{Name: "job", File: "spec/job.yaml", Aggregates: []*ir.Aggregate{job, jobs}}},
			"spec/job.yaml:9:3: the aggregate Jobs and the plural of Job (spec/job.yaml:4:3) would both be Jobs in Go",
		},
		"fields that are the same in Go": {
			[]*ir.Module{{Name: "c", File: "spec/c.yaml", Aggregates: []*ir.Aggregate{twins}}},
			"spec/c.yaml:7:9: the field Size would be Size in Go, which is taken",
		},
		"modules in a circle": {
			[]*ir.Module{{Name: "a", Aggregates: []*ir.Aggregate{a}}, {Name: "b", Aggregates: []*ir.Aggregate{b}}},
			"circle (a → b → a)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := golang.New().Emit(&ir.Platform{Modules: c.modules})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}
