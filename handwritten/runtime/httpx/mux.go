package httpx

import (
	"net/http"
	"net/url"
	"strings"
)

// Module is one module's API.
type Module struct {
	// Name is the module's name in the spec.
	Name string
	// Handler is its ogen server.
	Handler http.Handler
	// Find tells which of its operations answers a request, if any.
	Find func(method string, u *url.URL) (operation string, ok bool)
}

// mux hands each request to the module that has an operation for it. Modules
// may share path prefixes, so only their own routers can tell.
type mux []Module

var methods = []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodPut}

func (m mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if module, operation, ok := m.find(r.Method, r.URL); ok {
		exchangeOf(r.Context()).operation = operation
		module.Handler.ServeHTTP(w, r)
		return
	}
	var allowed []string
	for _, method := range methods {
		if _, _, ok := m.find(method, r.URL); ok {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		MethodNotAllowed(w, r, strings.Join(allowed, ", "))
		return
	}
	NotFound(w, r)
}

func (m mux) find(method string, u *url.URL) (module Module, operation string, ok bool) {
	for _, module := range m {
		if operation, ok := module.Find(method, u); ok {
			return module, operation, true
		}
	}
	return Module{}, "", false
}
