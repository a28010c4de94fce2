package operations

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/reaction"
)

// Consumer follows the log, or another topic, in any number of processes.
type Consumer struct {
	// Name is a projection's with its version, e.g. "job.job_facts@1f0c9a52", or a reaction's.
	Name string `json:"name"`
	// Kind is "projection" or "reaction".
	Kind string `json:"kind"`
	// Status is a projection's: "new", "rebuilding", "built", or "old" for a
	// version that this app has replaced. Reactions have none.
	Status string `json:"status,omitempty"`
	Paused bool   `json:"paused"`
	// Position is the latest that was applied in any partition.
	Position event.Position `json:"position"`
	// Lag is the number of records in Kafka that are not applied yet, Kafka's own
	// markers included; nil before MeasureLag, and where Kafka does not know the consumer.
	Lag *int64 `json:"lag"`
	// Handled counts the events applied since the beginning.
	Handled int64 `json:"handled"`
	// AdvancedAt is when an event was applied last.
	AdvancedAt *time.Time `json:"advanced_at,omitempty"`
	// LastError is what the consumer is being retried for; empty when it goes well.
	LastError string `json:"last_error,omitempty"`
	// ParkedStreams wait as dead letters, with ParkedEvents events.
	ParkedStreams int64 `json:"parked_streams"`
	ParkedEvents  int64 `json:"parked_events"`
	// Partitions are those of the log; a reaction to a foreign topic has none.
	Partitions []Partition `json:"partitions"`
}

// Partition is how far a consumer has come in one partition of the log.
type Partition struct {
	Partition int32          `json:"partition"`
	Position  event.Position `json:"position"`
	Handled   int64          `json:"handled"`
	UpdatedAt time.Time      `json:"updated_at"`
	LastError string         `json:"last_error,omitempty"`
}

// Consumers lists all that follow the log or another topic, by name.
func (o *Operations) Consumers(ctx context.Context) ([]Consumer, error) {
	found := consumers{}
	for _, p := range o.projections {
		found.at(p.Consumer()).Status = "new"
	}
	for _, r := range o.reactions {
		found.at(r.Name)
	}
	for _, add := range []func(context.Context, consumers) error{o.addRegistrations, o.addCheckpoints, o.addParked} {
		if err := add(ctx, found); err != nil {
			return nil, err
		}
	}
	all := make([]Consumer, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[name])
	}
	return all, nil
}

type consumers map[string]*Consumer

func (c consumers) at(name string) *Consumer {
	if c[name] == nil {
		kind := "reaction"
		if strings.Contains(name, "@") {
			kind = "projection"
		}
		c[name] = &Consumer{Name: name, Kind: kind, Partitions: []Partition{}}
	}
	return c[name]
}

func (o *Operations) addRegistrations(ctx context.Context, found consumers) error {
	all, err := o.config.Registry.Registrations(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		c := found.at(r.Consumer)
		c.Paused, c.LastError = r.Paused, r.LastError
		if c.Kind == "projection" {
			c.Status = r.Status
		}
		if o.replaced(r.Consumer) {
			c.Status = "old"
		}
	}
	return nil
}

// replaced reports whether the app has another version of the projection.
func (o *Operations) replaced(consumer string) bool {
	name, _, _ := strings.Cut(consumer, "@")
	return slices.ContainsFunc(o.projections, func(p Projection) bool {
		return p.Consumer() != consumer && strings.HasPrefix(p.Consumer(), name+"@")
	})
}

func (o *Operations) addCheckpoints(ctx context.Context, found consumers) error {
	all, err := o.config.Store.Checkpoints(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		c := found.at(p.Consumer)
		c.Partitions = append(c.Partitions, Partition{p.Partition, p.Position, p.Count, p.UpdatedAt, p.LastError})
		c.Handled += p.Count
		if p.Position.After(c.Position) {
			c.Position = p.Position
		}
		if c.AdvancedAt == nil || p.UpdatedAt.After(*c.AdvancedAt) {
			c.AdvancedAt = &p.UpdatedAt
		}
		if p.LastError != "" {
			c.LastError = fmt.Sprintf("partition %d: %s", p.Partition, p.LastError)
		}
	}
	return nil
}

func (o *Operations) addParked(ctx context.Context, found consumers) error {
	streams, err := o.DeadLetters.Parked(ctx, reaction.Filter{})
	if err != nil {
		return err
	}
	for _, s := range streams {
		c := found.at(s.Consumer)
		c.ParkedStreams++
		c.ParkedEvents += int64(s.Events)
	}
	return nil
}

// Pause makes a consumer rest in every process until it is resumed. A projection
// is named with or without its version; without, all its versions rest.
func (o *Operations) Pause(ctx context.Context, name string) ([]string, error) {
	return o.setPaused(ctx, name, true)
}

// Resume undoes Pause.
func (o *Operations) Resume(ctx context.Context, name string) ([]string, error) {
	return o.setPaused(ctx, name, false)
}

func (o *Operations) setPaused(ctx context.Context, name string, paused bool) ([]string, error) {
	all, err := o.Consumers(ctx)
	if err != nil {
		return nil, err
	}
	var meant, known []string
	for _, c := range all {
		known = append(known, c.Name)
		if named(c.Name, name) {
			meant = append(meant, c.Name)
		}
	}
	if len(meant) == 0 {
		return nil, fmt.Errorf("nothing named %q follows the log (%w): use one of %s", name, ErrUnknown, strings.Join(known, ", "))
	}
	return meant, o.config.Registry.SetPaused(ctx, meant, paused)
}

// named reports whether the operator's name means the consumer.
func named(consumer, name string) bool {
	base, _, _ := strings.Cut(consumer, "@")
	return consumer == name || base == name
}

// Rebuild folds the whole log into the app's projection again, and returns the
// consumer's name when it is done. Reads of it go on, and so do all processes.
func (o *Operations) Rebuild(ctx context.Context, name string) (string, error) {
	var known []string
	for _, p := range o.projections {
		known = append(known, p.Consumer())
		if named(p.Consumer(), name) {
			return p.Consumer(), p.Rebuild(ctx)
		}
	}
	return "", fmt.Errorf("this app has no projection %q to rebuild (%w): use one of %s", name, ErrUnknown, strings.Join(known, ", "))
}

// Renew has a projection rebuilt by an app that has it, and does not wait for
// it. A name without a version means the newest. It returns the consumer's name.
func (o *Operations) Renew(ctx context.Context, name string) (string, error) {
	consumer, err := o.config.Registry.Renew(ctx, name)
	if err == nil && consumer == "" {
		err = fmt.Errorf("no projection named %q was ever built (%w)", name, ErrUnknown)
	}
	return consumer, err
}
