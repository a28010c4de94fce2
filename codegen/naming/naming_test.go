package naming_test

import (
	"testing"

	"github.com/oksai/oksai/codegen/naming"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		give string
		make func(string) string
		want string
	}{
		{"started_at", naming.Go, "StartedAt"},
		{"job_id", naming.Go, "JobID"},
		{"JobStatus", naming.Go, "JobStatus"},
		{"JobID", naming.Go, "JobID"},
		{"duration_ms", naming.Go, "DurationMs"},
		{"storage_gb", naming.Go, "StorageGB"},
		{"job.assigned", naming.Go, "JobAssigned"},
		{"daily-jobs", naming.Go, "DailyJobs"},
		{"HTTPServer", naming.Go, "HTTPServer"},
		{"job_id", naming.Local, "jobID"},
		{"ID", naming.Local, "id"},
		{"type", naming.Local, "type_"},
		{"ReprioritiseJob", naming.Local, "reprioritiseJob"},
		{"demo-api", naming.Package, "demoapi"},
		{"DailyJobs", naming.Kebab, "daily-jobs"},
		{"DailyJobs", naming.Snake, "daily_jobs"},
		{"JOB_NOT_PENDING", naming.Words, "job not pending"},
		{"Job", naming.Plural, "Jobs"},
		{"Company", naming.Plural, "Companies"},
		{"Day", naming.Plural, "Days"},
		{"Box", naming.Plural, "Boxes"},
		{"SalesPerson", naming.Plural, "SalesPeople"},
		{"Address", naming.Plural, "Addresses"},
	} {
		if got := c.make(c.give); got != c.want {
			t.Errorf("%q: got %q, want %q", c.give, got, c.want)
		}
	}
}
