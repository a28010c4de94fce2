package main

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
	"github.com/oksai/oksai/handwritten/runtime/bus"
)

// checkPublished reads the jobs' public topic until it has every event of the
// jobs, whose latest versions are given, and checks that each job's events
// appear in order. Events may come twice: their ids tell.
func checkPublished(t *testing.T, config bus.Config, versions map[string]int64) {
	t.Helper()
	client, err := config.Client(kgo.ConsumeTopics(config.EventsTopic("job")), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(250*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), apptest.HealWithin)
	defer cancel()
	missing := int64(0)
	for _, version := range versions {
		missing += version
	}
	published, ids := map[string]int64{}, map[string]bool{}
	for missing > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d events are not published: %v", missing, err)
		}
		for _, record := range fetches.Records() {
			h := bus.Headers(record)
			job, id := h[bus.HeaderSubject], h[bus.HeaderID]
			if ids[id] || versions[job] == 0 {
				continue
			}
			if want := strconv.FormatInt(published[job]+1, 10); h[bus.HeaderVersion] != want {
				t.Errorf("job %s: version %s is published where %s should be", job, h[bus.HeaderVersion], want)
			}
			ids[id] = true
			published[job]++
			missing--
		}
	}
}
