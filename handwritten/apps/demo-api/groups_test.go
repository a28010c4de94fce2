package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// groups are the consumer groups of the projections, as Kafka knows them.
type groups struct{ admin *kadm.Client }

func openGroups(t *testing.T, at place) groups {
	t.Helper()
	client, err := at.bus.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return groups{kadm.NewClient(client)}
}

// state tells of each group how it is and how many partitions each member has.
func (g groups) state(ctx context.Context) (map[string]string, error) {
	all, err := g.admin.DescribeGroups(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for name, group := range all {
		if !strings.Contains(name, "@") { // a reaction to a topic of partners, which may not exist
			continue
		}
		var shares []int
		for _, member := range group.Members {
			n := 0
			if assigned, ok := member.Assigned.AsConsumer(); ok {
				for _, topic := range assigned.Topics {
					n += len(topic.Partitions)
				}
			}
			shares = append(shares, n)
		}
		states[name] = fmt.Sprint(group.State, shares)
	}
	return states, nil
}

// watch logs each change until the test ends.
func (g groups) watch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	began, last := time.Now(), map[string]string{}
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			states, _ := g.state(ctx) // the next look may succeed
			for name, state := range states {
				if last[name] != state {
					t.Logf("%.1f s: group %s is %s", time.Since(began).Seconds(), name, state)
				}
			}
			if states != nil {
				last = states
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
}
