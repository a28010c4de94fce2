package httpx

import (
	"bytes"
	"context"
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
	// Verifier tells whose tokens they are.
	Verifier Verifier
	// Guard refuses tenants that may not act; nil lets every tenant pass.
	Guard Guard
	// Find tells which of its operations answers a request, if any.
	Find func(method string, u *url.URL) (operation Operation, ok bool)
	// Forms are what the bodies of its operations are made of.
	Forms Forms
}

// mux hands each request to the module that has an operation for it. Modules
// may share path prefixes, so only their own routers can tell.
type mux struct {
	modules   []Module
	limiter   Limiter
	bodyLimit int64
	maxDepth  int
}

var methods = []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodPut}

func (m mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	module, operation, ok := m.find(r.Method, r.URL)
	if !ok {
		m.refuse(w, r)
		return
	}
	exchangeOf(r.Context()).operation = operation.Name
	ctx, err := admit(r, module, operation)
	if err == nil && m.limiter != nil {
		err = m.limiter.Admit(ctx, operation, w.Header())
	}
	if err == nil {
		err = m.checkTerms(w, r, module, operation)
	}
	if err != nil {
		WriteProblem(r.Context(), w, err)
		return
	}
	module.Handler.ServeHTTP(w, r.WithContext(ctx))
}

// admit tells who is calling, where that matters.
func admit(r *http.Request, module Module, operation Operation) (context.Context, error) {
	if operation.Public {
		return r.Context(), nil
	}
	return Authorize(r.Context(), module.Verifier, module.Guard, bearer(r.Header), operation)
}

// checkTerms refuses a request that does not speak of operation in the terms of
// the API description, before the module's decoders see it: they are lenient.
func (m mux) checkTerms(w http.ResponseWriter, r *http.Request, module Module, operation Operation) error {
	if err := operation.checkParameters(r); err != nil {
		return err
	}
	if operation.Raw {
		return keepRaw(w, r, m.bodyLimit)
	}
	body, err := readBody(w, r, m.bodyLimit)
	switch {
	case err != nil || len(body) == 0:
		return err
	case operation.Body == "" && string(bytes.TrimSpace(body)) == "{}": // clients that always send one
		return nil
	case operation.Body == "":
		return invalidBody("NO_BODY", operation.Name+" takes no body")
	}
	return module.Forms.checkBody(body, operation.Body, m.maxDepth)
}

// refuse answers what no operation is for.
func (m mux) refuse(w http.ResponseWriter, r *http.Request) {
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

func (m mux) find(method string, u *url.URL) (module Module, operation Operation, ok bool) {
	for _, module := range m.modules {
		if operation, ok := module.Find(method, u); ok {
			return module, operation, true
		}
	}
	return Module{}, Operation{}, false
}
