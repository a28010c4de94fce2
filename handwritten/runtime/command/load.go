package command

import (
	"context"
	"fmt"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

// pageSize bounds how many events are in memory while a long stream is folded.
const pageSize = 500

// current returns the newest state: the cached one if it is at the head, else
// what is missing is folded onto the cached one or onto the snapshot.
func (r *Repository[S]) current(ctx context.Context, stream event.Stream) (Loaded[S], error) {
	head, err := r.store.Head(ctx, stream.Tenant, stream.ID)
	if err != nil {
		return Loaded[S]{}, fmt.Errorf("load %s %s: %w", r.agg.Type, stream.ID, err)
	}
	if head == 0 {
		r.cache.Remove(stream)
		return Loaded[S]{}, r.notFound()
	}
	base, cached := r.cache.Get(stream)
	if cached && base.Version == head {
		return base, nil
	}
	// A version beyond the head means that the database was set back: start over.
	if !cached || base.Version > head {
		if base, err = r.fromSnapshot(ctx, stream, head); err != nil {
			return Loaded[S]{}, err
		}
	}
	now, err := r.fold(ctx, stream, base, nil)
	if err != nil {
		return Loaded[S]{}, err
	}
	if now.Version == 0 { // the id is that of another kind of aggregate
		return Loaded[S]{}, r.notFound()
	}
	r.remember(stream, base.Version, now)
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
	then, err := r.fold(ctx, stream, base, func(e event.Recorded) bool { return e.Version > version })
	if err != nil {
		return Loaded[S]{}, err
	}
	if version < 1 || then.Version != version {
		return Loaded[S]{}, r.notFound()
	}
	return then, nil
}

// fold applies the events after base to a copy of it, up to the first that end accepts.
func (r *Repository[S]) fold(ctx context.Context, stream event.Stream, base Loaded[S], end func(event.Recorded) bool) (Loaded[S], error) {
	folded := base
	folded.State = r.agg.Clone(base.State)
	for {
		page, err := r.store.Read(ctx, stream, folded.Version+1, pageSize)
		if err != nil {
			return Loaded[S]{}, fmt.Errorf("load %s %s: %w", r.agg.Type, stream.ID, err)
		}
		for _, e := range page {
			if end != nil && end(e) {
				return folded, nil
			}
			data, err := r.agg.Decode(e.Type, e.SchemaVersion, e.Payload)
			if err != nil {
				return Loaded[S]{}, fmt.Errorf("load %s %s: event %s at version %d: %w", r.agg.Type, stream.ID, e.Type, e.Version, err)
			}
			r.agg.Apply(folded.State, data)
			folded.Version, folded.Position, folded.At = e.Version, e.Position, e.At
		}
		if len(page) < pageSize {
			return folded, nil
		}
	}
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
