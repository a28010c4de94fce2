package httpx

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/event"
)

// Headers that the platform reads or sends beside the standard ones.
const (
	RequestIDHeader     = "X-Request-ID"
	CorrelationIDHeader = "X-Correlation-ID"
	TenantHeader        = "X-Tenant-ID"
	TraceHeader         = "Traceparent"
	ConsistencyHeader   = "Oksai-Consistency"
	IdempotencyHeader   = "Idempotency-Key"
)

// exchange is what is known of one request while it is served. The middleware
// makes it; the handler's goroutine fills it in; the access log reads it.
type exchange struct {
	id, correlation uuid.UUID
	traceID         string
	traceparent     string // names us as the parent of what follows
	tenantHeader    []string
	address         netip.Addr
	device          string
	answer          http.Header // of the response, nil outside of a request
	operation       string
	principal       authn.Principal
	cause           error // why it was refused or failed, in full
	retryLater      bool
	raw             []byte // the body, where the operation takes it as it came, with headers
	headers         http.Header
}

type exchangeKey struct{}

// exchangeOf returns an empty exchange outside the middleware, so that callers need not ask.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

func newExchange(r *http.Request, proxies []netip.Prefix) *exchange {
	x := &exchange{id: headerID(r, RequestIDHeader), tenantHeader: r.Header.Values(TenantHeader), address: addressOf(r, proxies), device: deviceOf(r)}
	if x.id == uuid.Nil {
		x.id = uuid.Must(uuid.NewV7()) // fails only where the system has no randomness
	}
	if x.correlation = headerID(r, CorrelationIDHeader); x.correlation == uuid.Nil {
		x.correlation = x.id
	}
	x.traceID, x.traceparent = event.ContinueTrace(trace(r))
	return x
}

// headerID returns the id in a header. Anything but an id is treated as absent:
// it would end up in logs and in events.
func headerID(r *http.Request, name string) uuid.UUID {
	id, err := uuid.Parse(r.Header.Get(name))
	if err != nil {
		return uuid.Nil
	}
	return id
}

// trace is the request's traceparent; of several none can be believed.
func trace(r *http.Request) string {
	if values := r.Header.Values(TraceHeader); len(values) == 1 {
		return values[0]
	}
	return ""
}

// Metadata says who and what causes the events of the request.
func Metadata(ctx context.Context) event.Metadata {
	x := exchangeOf(ctx)
	p, _ := authn.From(ctx)
	return event.Metadata{User: p.Subject, Correlation: x.correlation, Causation: x.id, Trace: x.traceparent}
}

// Tenant returns the principal's tenant; zero for a principal of the platform.
func Tenant(ctx context.Context) uuid.UUID {
	p, _ := authn.From(ctx)
	return p.Tenant
}

// Caller returns the principal as rules see it.
func Caller(ctx context.Context) command.Caller {
	p, _ := authn.From(ctx)
	return command.Caller{Tenant: p.Tenant, Subject: p.Subject, User: userOf(p), Roles: p.Roles}
}

// userOf is the user that p is: their subject is an id, and nothing but an id.
func userOf(p authn.Principal) *uuid.UUID {
	id, err := uuid.Parse(p.Subject)
	if err != nil || id.String() != p.Subject {
		return nil
	}
	return &id
}
