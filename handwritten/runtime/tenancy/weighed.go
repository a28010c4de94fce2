package tenancy

import (
	"context"

	"github.com/google/uuid"
)

// Weighed returns a directory that knows what tenants store where d knows a bound.
func Weighed(d Directory, stored func(ctx context.Context, tenant uuid.UUID) (bytes int64, err error)) Directory {
	return weighed{d, stored}
}

type weighed struct {
	directory Directory
	stored    func(ctx context.Context, tenant uuid.UUID) (int64, error)
}

func (w weighed) Standing(ctx context.Context, tenant uuid.UUID) (Standing, error) {
	standing, err := w.directory.Standing(ctx, tenant)
	if err == nil && standing.StorageGB != nil {
		standing.Stored, err = w.stored(ctx, tenant)
	}
	return standing, err
}
