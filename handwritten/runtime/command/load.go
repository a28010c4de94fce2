package command

import (
	"context"
	"fmt"
	"math"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
)

// pageSize bounds how many events are in memory while a long stream is folded.
const pageSize = 500

// current returns the newest state. A cached one is compared with the head, and
// what is missing is folded onto it; without one the events are read anyway, and
// tell the head themselves.
func (r *Repository[S]) current(ctx context.Context, stream event.Stream) (Loaded[S], error) {
	base, cached := r.cache.Get(stream)
	if !cached {
		return r.uncached(ctx, stream)
	}
	head, err := r.store.Head(ctx, stream.Tenant, stream.ID)
	if err != nil {
		return Loaded[S]{}, fmt.Errorf("load %s %s: %w", r.agg.Type, stream.ID, err)
	}
	if base.Version == head {
		return base, nil
	}
	if base.Version > head { // the database was set back: start over
		r.cache.Remove(stream)
		return r.uncached(ctx, stream)
	}
	return r.onto(ctx, stream, base)
}

// uncached reads what follows the snapshot first: a stream that has none needs
// no second question.
func (r *Repository[S]) uncached(ctx context.Context, stream event.Stream) (Loaded[S], error) {
	base := r.empty(stream.ID)
	if r.agg.SnapshotEvery == 0 {
		return r.onto(ctx, stream, base)
	}
	page, err := r.store.ChangesAfterSnapshot(ctx, stream, r.schema(), pageSize)
	if err != nil {
		return Loaded[S]{}, fmt.Errorf("load %s %s: %w", r.agg.Type, stream.ID, err)
	}
	if len(page) == 0 || page[0].Version > 1 {
		if base, err = r.fromSnapshot(ctx, stream, math.MaxInt64); err != nil {
			return Loaded[S]{}, err
		}
	}
	missing := len(page) > 0 && page[0].Version > base.Version+1 // the snapshot could not be used
	if missing || len(page) == pageSize {
		return r.onto(ctx, stream, base)
	}
	now := r.copyOf(base)
	if _, err := r.apply(stream, &now, page, nil); err != nil {
		return Loaded[S]{}, err
	}
	return r.found(stream, base.Version, now)
}

// onto folds what follows base up to the head.
func (r *Repository[S]) onto(ctx context.Context, stream event.Stream, base Loaded[S]) (Loaded[S], error) {
	now, err := r.fold(ctx, stream, base, nil)
	if err != nil {
		return Loaded[S]{}, err
	}
	return r.found(stream, base.Version, now)
}

// found remembers the newest state of a stream, if there is one.
func (r *Repository[S]) found(stream event.Stream, before int64, now Loaded[S]) (Loaded[S], error) {
	if now.Version == 0 { // no such stream, or the id is that of another kind of aggregate
		return Loaded[S]{}, r.notFound()
	}
	r.remember(stream, before, now)
	return now, nil
}

// at returns the state at a version of the past.
func (r *Repository[S]) at(ctx context.Context, stream event.Stream, version int64) (Loaded[S], error) {
	if cached, ok := r.cache.Get(stream); ok && cached.Version == version {
		return cached, nil
	}
	base, err := r.fromSnapshot(ctx, stream, version)
	if err != nil {
		return Loaded[S]{}, err
	}
	then, err := r.fold(ctx, stream, base, func(e eventstore.Change) bool { return e.Version > version })
	if err != nil {
		return Loaded[S]{}, err
	}
	if version < 1 || then.Version != version {
		return Loaded[S]{}, r.notFound()
	}
	return then, nil
}

// fold applies the events after base to a copy of it, up to the first that end accepts.
func (r *Repository[S]) fold(ctx context.Context, stream event.Stream, base Loaded[S], end func(eventstore.Change) bool) (Loaded[S], error) {
	folded := r.copyOf(base)
	for {
		page, err := r.store.Changes(ctx, stream, folded.Version+1, pageSize)
		if err != nil {
			return Loaded[S]{}, fmt.Errorf("load %s %s: %w", r.agg.Type, stream.ID, err)
		}
		ended, err := r.apply(stream, &folded, page, end)
		if err != nil {
			return Loaded[S]{}, err
		}
		if ended || len(page) < pageSize {
			return folded, nil
		}
	}
}

// apply moves a state on by a page of events. It reports whether end accepted one.
func (r *Repository[S]) apply(stream event.Stream, to *Loaded[S], page []eventstore.Change, end func(eventstore.Change) bool) (bool, error) {
	for _, e := range page {
		if e.Version <= to.Version { // a newer snapshot appeared while the events were read
			continue
		}
		if end != nil && end(e) {
			return true, nil
		}
		data, err := r.agg.Decode(e.Type, e.SchemaVersion, e.Payload)
		if err != nil {
			return false, fmt.Errorf("load %s %s: event %s at version %d: %w", r.agg.Type, stream.ID, e.Type, e.Version, err)
		}
		r.agg.Apply(to.State, data)
		to.Version, to.Position, to.At = e.Version, e.Position, e.At
	}
	return false, nil
}

func (r *Repository[S]) copyOf(base Loaded[S]) Loaded[S] {
	base.State = r.agg.Clone(base.State)
	return base
}

// fromSnapshot returns the saved state, or the empty one where there is no
// snapshot of this schema up to version. A snapshot that cannot be read costs
// time, not the request: the events are the truth.
func (r *Repository[S]) fromSnapshot(ctx context.Context, stream event.Stream, version int64) (Loaded[S], error) {
	empty := r.empty(stream.ID)
	if r.agg.SnapshotEvery == 0 {
		return empty, nil
	}
	saved, found, err := r.store.LoadSnapshot(ctx, stream)
	if err != nil {
		return Loaded[S]{}, fmt.Errorf("load %s %s: %w", r.agg.Type, stream.ID, err)
	}
	if !found || saved.Version > version || saved.Schema != r.schema() {
		return empty, nil
	}
	loaded := Loaded[S]{ID: stream.ID, State: new(S), Version: saved.Version}
	if err := r.agg.DecodeState(loaded.State, saved.State); err != nil {
		r.log.WarnContext(ctx, "snapshot ignored", "aggregate", r.agg.Type, "stream", stream.ID, "version", saved.Version, "error", err)
		return empty, nil
	}
	return loaded, nil
}

// remember caches a state and has a snapshot saved where one is due.
func (r *Repository[S]) remember(stream event.Stream, before int64, now Loaded[S]) {
	r.cache.Add(stream, now)
	every := int64(r.agg.SnapshotEvery)
	if every > 0 && now.Version/every > before/every {
		r.snapshots.offer(snapshot[S]{stream, now})
	}
}
