package job_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/oksai/oksai/gen/job"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// pointers are where the mistakes of a command are, with their codes.
func pointers(err error) map[string]string {
	found := map[string]string{}
	var p *problem.Error
	if errors.As(err, &p) {
		for _, f := range p.Fields {
			found[f.Pointer] = f.Code
		}
	}
	return found
}

func TestValuesOfANewJob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*job.CreateJob)
		want   map[string]string
	}{
		{"as it is", func(*job.CreateJob) {}, map[string]string{}},
		{"200 characters, not bytes", func(c *job.CreateJob) { c.Title = strings.Repeat("ж", 200) }, map[string]string{}},
		{"201 characters", func(c *job.CreateJob) { c.Title = strings.Repeat("ж", 201) }, map[string]string{"/title": "TOO_LONG"}},
		{"nothing but blanks", func(c *job.CreateJob) { c.Title = " \t " }, map[string]string{"/title": "REQUIRED"}},
		{"bytes that are no text", func(c *job.CreateJob) { c.Title = "\xff" }, map[string]string{"/title": "INVALID_TEXT"}},
		{"no such priority", func(c *job.CreateJob) { c.Priority = "asap" }, map[string]string{"/priority": "NOT_ONE_OF"}},
		{"an empty tag and a bad priority", func(c *job.CreateJob) { c.Priority, c.Tags = "", []string{"sea", " "} },
			map[string]string{"/priority": "NOT_ONE_OF", "/tags/1": "REQUIRED"}},
		{"21 tags", func(c *job.CreateJob) { c.Tags = createdWithTags(21).Tags }, map[string]string{"/tags": "TOO_MANY"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := job.NewCreateJob()
			cmd.Title = "Ship"
			c.change(&cmd)
			cmd.Normalize()
			if got := pointers(cmd.Validate()); !reflect.DeepEqual(got, c.want) {
				t.Errorf("mistakes %v, want %v", got, c.want)
			}
		})
	}
}

func TestValuesAreNormalized(t *testing.T) {
	t.Parallel()
	cmd := job.CreateJob{Title: "  Ship ", Tags: []string{"Sea", " sea ", "air"}}
	cmd.Normalize()
	if want := (job.CreateJob{Title: "Ship", Tags: []string{"sea", "air"}}); !reflect.DeepEqual(cmd, want) {
		t.Errorf("normalized to %+v, want %+v", cmd, want)
	}
}
