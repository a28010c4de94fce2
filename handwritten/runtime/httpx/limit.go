package httpx

import (
	"context"
	"net/http"
)

// Limiter bounds how often the API is called.
type Limiter interface {
	// Admit counts a call of an operation, by the principal or, where it is public,
	// the Address of ctx. It adds to the answer's header how many calls may
	// follow, and refuses one too many with a *problem.Error and Retry-After.
	Admit(ctx context.Context, op Operation, answer http.Header) error
}
