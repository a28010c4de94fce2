package httpx

import (
	"cmp"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config is a server's settings. Only App and one of Addr and Listener are required.
type Config struct {
	// App names the process in metrics and logs.
	App string
	// Addr is host:port to listen on; port 0 takes a free one.
	Addr string
	// Listener listens already; then Addr is not used.
	Listener net.Listener
	// OpenAPI is the JSON document of all modules; without it there is no /openapi.json and no /docs.
	OpenAPI []byte
	// Log gets one line for every request; default slog.Default().
	Log *slog.Logger
	// Registry is what /metrics shows; default a new one.
	Registry *prometheus.Registry
	// Proxies are the networks of the proxies in front of the server, whose
	// X-Forwarded-For is believed; default none.
	Proxies []netip.Prefix
	// BodyLimit is in bytes, default 1 MiB.
	BodyLimit int64
	// DepthLimit is how deep JSON may be nested, default 64.
	DepthLimit int
	// HeaderLimit is in bytes, default 32 KiB: a token of 8 KiB and room for more.
	HeaderLimit int
	// Timeout is how long a request may take, default 30 s.
	Timeout time.Duration
	// DrainDelay is for how long a server that was told to stop still takes
	// requests, so that load balancers see it is not ready; default none.
	DrainDelay time.Duration
	// StopTimeout is how long running requests may go on after that; default none.
	StopTimeout time.Duration
	// CheckTimeout bounds each readiness check; default 2 s.
	CheckTimeout time.Duration
	// Limiter bounds how often the API is called; nil bounds nothing.
	Limiter Limiter
}

func (c Config) withDefaults() Config {
	c.Log = cmp.Or(c.Log, slog.Default())
	c.Registry = cmp.Or(c.Registry, prometheus.NewRegistry())
	c.BodyLimit = cmp.Or(c.BodyLimit, 1<<20)
	c.DepthLimit = cmp.Or(c.DepthLimit, 64)
	c.HeaderLimit = cmp.Or(c.HeaderLimit, 32<<10)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.CheckTimeout = cmp.Or(c.CheckTimeout, 2*time.Second)
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.App == "" {
		errs = append(errs, errors.New("httpx: App is empty: name the process, e.g. demo-api"))
	}
	if c.Addr == "" && c.Listener == nil {
		errs = append(errs, errors.New("httpx: Addr is empty: give host:port, e.g. 127.0.0.1:3002, or a Listener"))
	}
	if min(c.BodyLimit, int64(c.DepthLimit), int64(c.HeaderLimit), int64(c.Timeout), int64(c.DrainDelay), int64(c.StopTimeout), int64(c.CheckTimeout)) < 0 {
		errs = append(errs, errors.New("httpx: a limit or time-out is negative: use 0 for its default"))
	}
	return errors.Join(errs...)
}
