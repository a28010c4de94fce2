package load

import (
	"net/http"

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
	f := &ir.Failure{Refusal: m.refusal(e.Key, r), Pos: e.Pos}
	r.Done()
	return f
}

// refusal reads what stands beside the code of a refusal. An invariant's has no
// status: what it refuses is a mistake of the rules, not of the caller.
func (m *module) refusal(code string, r *syntax.Reader) ir.Refusal {
	refusal := ir.Refusal{Code: code, Status: http.StatusConflict, Message: r.Text("message")}
	if refusal.Message == "" {
		refusal.Message = sentence(code)
	}
	if !r.Knows("status") {
		return refusal
	}
	if status := r.Int("status"); status != nil {
		if refusal.Status = int(*status); refusal.Status < 400 || refusal.Status > 499 {
			m.errorf(r.Get("status").Pos, "bad-status", "%d is no status of a refusal", *status).WithHint("use 400 to 499")
		}
	}
	return refusal
}
