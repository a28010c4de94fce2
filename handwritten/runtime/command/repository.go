package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Store is the part of *eventstore.Store that commands need.
type Store interface {
	Append(ctx context.Context, a eventstore.Append) (eventstore.Result, error)
	FindKey(ctx context.Context, tenant uuid.UUID, scope, name string) (eventstore.Result, [32]byte, bool, error)
	Head(ctx context.Context, tenant, id uuid.UUID) (int64, error)
	Read(ctx context.Context, s event.Stream, from, limit int64) ([]event.Recorded, error)
	Changes(ctx context.Context, s event.Stream, from int64, limit int32) ([]eventstore.Change, error)
	ChangesAfterSnapshot(ctx context.Context, s event.Stream, schema string, limit int32) ([]eventstore.Change, error)
	SaveSnapshot(ctx context.Context, s event.Stream, version int64, schema string, state []byte) error
	LoadSnapshot(ctx context.Context, s event.Stream) (snapshot eventstore.Snapshot, found bool, err error)
	Streams(ctx context.Context, tenant uuid.UUID, module, streamType string) ([]uuid.UUID, error)
	BeginLimit(ctx context.Context, tenant uuid.UUID, name string, counts map[string]int64) error
}

type options struct {
	clock func() time.Time
	log   *slog.Logger
	cache int
}

// Option changes how a repository works.
type Option func(*options)

// WithClock sets the clock that rules see as now; default time.Now.
func WithClock(clock func() time.Time) Option { return func(o *options) { o.clock = clock } }

// WithLog sets where failures to save a snapshot are reported; default slog.Default().
func WithLog(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithCacheSize sets how many states are kept in memory; default 4096.
func WithCacheSize(n int) Option { return func(o *options) { o.cache = n } }

// Repository loads and changes the aggregates of one kind.
type Repository[S any] struct {
	agg       Aggregate[S]
	store     Store
	clock     func() time.Time
	log       *slog.Logger
	cache     *lru.Cache[event.Stream, Loaded[S]]
	turns     turns
	inFlight  inFlight
	snapshots snapshotQueue[S]
}

// NewRepository returns a repository on store. Its cache is never trusted blindly:
// what it holds is checked against the stream's head, or by the append itself.
func NewRepository[S any](store Store, agg Aggregate[S], opts ...Option) *Repository[S] {
	o := options{clock: time.Now, log: slog.Default(), cache: 4096}
	for _, opt := range opts {
		opt(&o)
	}
	cache, err := lru.New[event.Stream, Loaded[S]](max(o.cache, 1))
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &Repository[S]{
		agg: agg, store: store, clock: o.clock, log: o.log, cache: cache,
		turns: newTurns(), inFlight: newInFlight(), snapshots: newSnapshotQueue[S](),
	}
}

// Keep has do keep more in the transaction of every append, beside the inline
// projections; its error, e.g. a problem.Rule, undoes the append. Call it before
// the first command.
func (r *Repository[S]) Keep(do func(context.Context, pgx.Tx, []event.Recorded) error) {
	r.agg.Inline = append(slices.Clip(r.agg.Inline), do)
}

// Scope returns whose tenant id the repository's streams carry.
func (r *Repository[S]) Scope() Scope { return r.agg.Scope }

// Load returns the current state of id, strongly consistent.
// What does not exist and what belongs to another tenant is the same problem.NotFound.
func (r *Repository[S]) Load(ctx context.Context, tenant, id uuid.UUID) (Loaded[S], error) {
	stream, err := r.agg.stream(tenant, id)
	if err != nil {
		return Loaded[S]{}, err
	}
	return r.current(ctx, stream)
}

// Find is Load for what may be missing: found is false where Load has NotFound.
func (r *Repository[S]) Find(ctx context.Context, tenant, id uuid.UUID) (state Loaded[S], found bool, err error) {
	state, err = r.Load(ctx, tenant, id)
	if isNotFound(err) {
		return state, false, nil
	}
	return state, err == nil, err
}

// Has reports whether there is an aggregate of that id.
func (r *Repository[S]) Has(ctx context.Context, tenant, id uuid.UUID) (bool, error) {
	_, found, err := r.Find(ctx, tenant, id)
	return found, err
}

// At returns the state of id as it was at version.
func (r *Repository[S]) At(ctx context.Context, tenant, id uuid.UUID, version int64) (Loaded[S], error) {
	stream, err := r.agg.stream(tenant, id)
	if err != nil {
		return Loaded[S]{}, err
	}
	return r.at(ctx, stream, version)
}

// AtTime returns the state of id as it was at t.
func (r *Repository[S]) AtTime(ctx context.Context, tenant, id uuid.UUID, t time.Time) (Loaded[S], error) {
	stream, err := r.agg.stream(tenant, id)
	if err != nil {
		return Loaded[S]{}, err
	}
	then, err := r.fold(ctx, stream, r.empty(id), func(e eventstore.Change) bool { return e.At.After(t) })
	if err != nil {
		return Loaded[S]{}, err
	}
	if then.Version == 0 {
		return Loaded[S]{}, r.notFound()
	}
	return then, nil
}

// History returns up to limit events of id, from version from on, oldest first.
func (r *Repository[S]) History(ctx context.Context, tenant, id uuid.UUID, from int64, limit int) ([]event.Recorded, error) {
	stream, err := r.agg.stream(tenant, id)
	if err != nil {
		return nil, err
	}
	events, err := r.store.Read(ctx, stream, max(from, 1), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("history of %s %s: %w", r.agg.Type, id, err)
	}
	if len(events) > 0 {
		return events, nil
	}
	_, err = r.current(ctx, stream) // past the end, or no such stream
	return nil, err
}

func (r *Repository[S]) notFound() error { return problem.NotFound(r.agg.Type) }

func isNotFound(err error) bool {
	refused, ok := errors.AsType[*problem.Error](err)
	return ok && refused.Code == problem.NotFound("").Code
}

// schema names the encoding of snapshots. It begins with the aggregate, because an
// id from a request may be that of another kind of aggregate, which also has snapshots.
func (r *Repository[S]) schema() string { return r.agg.Module + "." + r.agg.Type + ":" + r.agg.Schema }

func (r *Repository[S]) empty(id uuid.UUID) Loaded[S] { return Loaded[S]{ID: id, State: new(S)} }
