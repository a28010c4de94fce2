package load

import (
	"github.com/oksai/oksai/codegen/grammar"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
	"github.com/oksai/oksai/codegen/syntax"
)

func (m *module) defineOperations() {
	for _, e := range m.spec.Entries("operations") {
		r := syntax.Read(e.Value, grammar.Operation, &m.diags)
		o := &ir.Operation{
			Name: e.Key, Doc: r.Text("doc"), Pos: e.Pos,
			Public: r.Bool("public"), Platform: r.Choice("scope") == "platform", Raw: r.Choice("body") == "raw",
			Allow:  m.roles(r),
			Input:  m.fields(r.Entries("input"), owner{name: e.Key, long: grammar.Asked}),
			Output: m.fields(r.Entries("output"), owner{name: e.Key + "Result", long: grammar.Answered}),
		}
		m.operationRoute(o, r)
		for _, f := range r.Entries("errors") {
			o.Failures = append(o.Failures, m.failure(f))
		}
		m.ir.Operations = append(m.ir.Operations, o)
		r.Done()
	}
}

func (m *module) defineSecrets() {
	for _, e := range m.spec.Entries("secrets") {
		r := syntax.Read(e.Value, grammar.Secret, &m.diags)
		m.ir.Secrets = append(m.ir.Secrets, &ir.Secret{Name: e.Key, Doc: r.Text("doc"), Pos: e.Pos})
		r.Done()
	}
}

// operationRoute is POST /sign-in for SignIn, unless `http` says otherwise.
func (m *module) operationRoute(o *ir.Operation, r *syntax.Reader) {
	h := syntax.Read(r.Get("http"), grammar.OperationHTTP, &m.diags)
	o.HTTP = ir.Route{Method: h.Choice("method"), Path: "/" + naming.Kebab(o.Name)}
	if path := h.Text("path"); path != "" {
		o.HTTP.Path = path
	}
	h.Done()
}

func (m *module) failure(e syntax.Entry) *ir.Failure {
	r := syntax.Read(e.Value, grammar.Failure, &m.diags)
	f := &ir.Failure{Code: e.Key, Status: int(orElse(r.Int("status"), 409)), Message: r.Text("message"), Pos: e.Pos}
	if f.Message == "" {
		f.Message = sentence(f.Code)
	}
	r.Done()
	return f
}
