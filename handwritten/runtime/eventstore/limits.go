package eventstore

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/eventstore/internal/db"
)

// refuses tells whether the counter, having moved to value, is beyond the bound.
func (l Limit) refuses(value int64) bool {
	switch {
	case l.Bound < 0:
		return false
	case l.Delta < 0:
		return value < l.Bound
	}
	return l.Delta > 0 && value > l.Bound
}

// Streams lists a tenant's streams of one type.
func (s *Store) Streams(ctx context.Context, tenant uuid.UUID, module, streamType string) ([]uuid.UUID, error) {
	ids, err := s.forTenants(tenant).ListStreams(ctx, db.ListStreamsParams{TenantID: tenant, Module: module, StreamType: streamType})
	if err != nil {
		return nil, fmt.Errorf("list the streams of %s.%s: %w", module, streamType, err)
	}
	return ids, nil
}

// BeginLimit begins the counters of a limit with what the tenant has by now. No
// append has moved them before, so nothing that moves one can happen between
// the counting and this; if others did the same meanwhile, it does nothing.
func (s *Store) BeginLimit(ctx context.Context, tenant uuid.UUID, name string, counts map[string]int64) error {
	params := db.BeginLimitParams{TenantID: tenant, Name: name, Value: counts[""]}
	for _, scope := range slices.Sorted(maps.Keys(counts)) {
		if scope != "" {
			params.Scopes, params.Values = append(params.Scopes, scope), append(params.Values, counts[scope])
		}
	}
	if err := s.forTenants(tenant).BeginLimit(ctx, params); err != nil {
		return fmt.Errorf("begin limit %s: %w", name, err)
	}
	return nil
}
