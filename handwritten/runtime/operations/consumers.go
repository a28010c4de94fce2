package operations

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

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
	// version in whose place there is another. Reactions have none.
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
		if r.Old {
			c.Status = "old"
		}
	}
	return nil
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
	streams, err := o.letters.Parked(ctx, reaction.Filter{})
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
// is named with or without its version; without, all its versions rest. by is the operator.
func (o *Operations) Pause(ctx context.Context, by, name string) ([]string, error) {
	return o.setPaused(ctx, by, "PauseConsumer", name, true)
}

// Resume undoes Pause.
func (o *Operations) Resume(ctx context.Context, by, name string) ([]string, error) {
	return o.setPaused(ctx, by, "ResumeConsumer", name, false)
}

func (o *Operations) setPaused(ctx context.Context, by, action, name string, paused bool) ([]string, error) {
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
	if err := o.note(ctx, by, action, uuid.Nil, name); err != nil {
		return nil, err
	}
	return meant, o.config.Registry.SetPaused(ctx, meant, paused)
}

// named reports whether the operator's name means the consumer.
func named(consumer, name string) bool {
	base, _, _ := strings.Cut(consumer, "@")
	return consumer == name || base == name
}
