package check

import (
	"slices"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
)

// operationForms: an operation is for someone, its path names its input, and
// what stands in a URL is a plain value that all may see.
//
//	good: SignIn: {public: true, input: {password: {type: string, secret: true}}}
//	bad:  SignIn: {public: true, http: {method: GET}, input: {password: {type: string, secret: true}}}
func operationForms(p *ir.Platform, diags *diag.List) {
	for _, m := range p.Modules {
		for _, o := range m.Operations {
			operationCallers(o, diags)
			operationPath(o, diags)
			for _, f := range o.Parameters() {
				parameterForm(o, f, diags)
			}
		}
	}
}

func operationCallers(o *ir.Operation, diags *diag.List) {
	switch {
	case o.Public && (len(o.Allow) > 0 || o.Platform):
		diags.Errorf(o.Pos, "bad-operation", "%s is public, so it asks for no role and no tenant", o.Name).WithHint("remove `public`, or `allow` and `scope`")
	case !o.Public && len(o.Allow) == 0:
		diags.Errorf(o.Pos, "uncalled-operation", "nobody may run %s", o.Name).WithHint("add `allow: [<role>]` or `public: true`")
	}
	if o.Raw && (o.HTTP.Method == "GET" || o.HTTP.Method == "DELETE") {
		diags.Errorf(o.Pos, "bad-operation", "%s has no body that could be raw", o.Name).WithHint("remove `body`, or use another method")
	}
}

func operationPath(o *ir.Operation, diags *diag.List) {
	if o.HTTP.Path[0] != '/' {
		diags.Errorf(o.Pos, "bad-path", "a path begins with /")
	}
	for _, name := range parameter.FindAllString(o.HTTP.Path, -1) {
		i := slices.IndexFunc(o.Input, func(f *ir.Field) bool { return "{"+f.Name+"}" == name })
		if i < 0 || o.Input[i].Type.Optional || o.Input[i].Default != nil {
			diags.Errorf(o.Pos, "bad-path", "%s of the path is not a required input of %s", name, o.Name)
		}
	}
}

func parameterForm(o *ir.Operation, f *ir.Field, diags *diag.List) {
	switch f.Type.Kind {
	case ir.Struct, ir.Money, ir.JSON, ir.List, ir.Set, ir.Map:
		diags.Errorf(f.Pos, "bad-operation", "%s of %s is in the URL, where only plain values are", f.Name, o.Name).WithHint("use a method with a body")
	}
	if f.Type.Secret {
		diags.Errorf(f.Pos, "bad-operation", "%s of %s is in the URL, which is no place for a secret", f.Name, o.Name).WithHint("use a method with a body")
	}
	if o.Raw && (f.Name == "body" || f.Name == "headers") {
		diags.Errorf(f.Pos, "reserved-name", "a raw operation has a %s already", f.Name)
	}
}
