package openapi

import (
	"strconv"

	"github.com/oksai/oksai/codegen/ir"
)

// anyType is the media type of a body that is taken as it comes.
const anyType = "*/*"

// declared describes an operation whose body is a Go method.
func (b *builder) declared(o *ir.Operation) *Operation {
	op := b.operation(o.Name, o.Doc, summary(b.module.Name), o.Allow)
	if o.Public {
		op.Security = &[]Security{}
	}
	for _, f := range o.Parameters() {
		op.Parameters = append(op.Parameters, b.parameter(o, f))
	}
	if !o.Platform {
		op.ofTenant()
	}
	switch body := o.Body(); {
	case o.Raw:
		op.RequestBody = &RequestBody{Required: true, Content: map[string]Media{anyType: {Schema: &Schema{}}}}
	case len(body) > 0:
		name := InputName(o.Name)
		b.schemas.byName[name] = b.schemas.input().object("", body)
		op.RequestBody = &RequestBody{Required: true, Content: jsonBody(reference(name), nil)}
	}
	if len(o.Output) == 0 {
		op.Responses["204"] = &Response{Description: "It is done."}
	} else {
		name := ResultName(o)
		b.schemas.byName[name] = b.schemas.view("", o.Output)
		op.Responses["200"] = &Response{Description: "The answer.", Content: jsonBody(reference(name), nil)}
	}
	for _, f := range o.Failures {
		op.Errors = append(op.Errors, Refusal(f.Refusal))
		op.Responses[strconv.Itoa(f.Status)] = response(problemAnswer)
	}
	return op
}

// ResultName is what the API calls an operation's output.
func ResultName(o *ir.Operation) string { return o.Name + "Result" }

func (b *builder) parameter(o *ir.Operation, f *ir.Field) *Parameter {
	p := &Parameter{Name: f.Name, In: "query", Required: !f.Type.Optional && f.Default == nil, Schema: b.schemas.input().field(f)}
	if o.InPath(f) {
		p.In = "path"
	}
	return p
}
