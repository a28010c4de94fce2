package server

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// inputValue emits:
//
//	// createJobCommand is the command that a request asks for.
//	func createJobCommand(in *api.CreateJobInput) job.CreateJob {
//		c := job.NewCreateJob()
//		c.Title = in.Title
//		if v, ok := in.Priority.Get(); ok {
//			c.Priority = job.Priority(v)
//		}
//		return c
//	}
func (e *emission) inputValue(c *ir.Command) *jen.Statement {
	return jen.Comment(inputFunc(c) + " is the command that a request asks for.").Line().
		Func().Id(inputFunc(c)).Params(jen.Id("in").Op("*").Add(e.api(openapi.InputName(c.Name)))).Add(e.domain(c.Name)).
		Block(e.taken(e.Name, c.Name, given("in", c.Input))...)
}

// structValue emits the same for a struct within an input.
func (e *emission) structValue(def *ir.TypeDef) *jen.Statement {
	name := openapi.TypeName(e.Name, def)
	return jen.Func().Id(structValue(name)).Params(jen.Id("in").Add(e.api(openapi.InputName(name)))).Add(domain(def.Module, naming.Go(def.Name))).
		Block(e.taken(def.Module, naming.Go(def.Name), given("in", def.Fields))...)
}

// input is a field of a domain value with the variable that has it in the API's form.
type input struct {
	*ir.Field
	from string
}

func (i input) source() *jen.Statement { return jen.Id(i.from).Dot(naming.Go(i.Name)) }

// given are fields that one variable has.
func given(from string, fields []*ir.Field) []input {
	out := make([]input, len(fields))
	for i, f := range fields {
		out[i] = input{f, from}
	}
	return out
}

// taken builds a domain value from the API's fields: defaults first, then what came.
func (e *emission) taken(module, name string, inputs []input) []jen.Code {
	if !slices.ContainsFunc(inputs, func(f input) bool { return f.Default != nil || !plain(f.Type) }) {
		var members []jen.Code
		for _, f := range inputs {
			members = append(members, member(naming.Go(f.Name), e.toDomain(f.Type, f.source(), false)))
		}
		return []jen.Code{jen.Return(domain(module, name).Values(members...))}
	}
	begin := jen.Var().Id("c").Add(domain(module, name))
	if slices.ContainsFunc(inputs, func(f input) bool { return f.Default != nil }) {
		begin = jen.Id("c").Op(":=").Add(domain(module, "New"+name)).Call()
	}
	out := []jen.Code{begin}
	for _, f := range inputs {
		out = append(out, e.take(f))
	}
	return append(out, jen.Return(jen.Id("c")))
}

// plain tells whether one expression turns the API's value into the domain's.
func plain(t ir.Type) bool {
	return !t.Optional && t.Kind != ir.Map && (!isCollection(t) || same(t))
}

// take sets one field of a domain value.
func (e *emission) take(f input) *jen.Statement {
	to, in := jen.Id("c").Dot(naming.Go(f.Name)), f.source()
	present := f.Type
	present.Optional = false
	switch {
	case f.Type.Kind == ir.Map && (f.Type.Optional || f.Default != nil):
		return ifGiven(in, to.Op("=").Add(e.takenMap(f.Type, jen.Id("v"))))
	case f.Type.Kind == ir.Map:
		return to.Op("=").Add(e.takenMap(f.Type, in))
	case isCollection(f.Type) && !same(f.Type):
		loop := jen.For(jen.List(jen.Id("_"), jen.Id("item")).Op(":=").Range().Add(in.Clone())).Block(
			to.Clone().Op("=").Append(to, e.toDomain(*f.Type.Elem, jen.Id("item"), false)))
		if f.Default == nil {
			return loop
		}
		return jen.If(in.Op("!=").Nil()).Block(to.Clone().Op("=").Nil(), loop)
	case isCollection(f.Type) && f.Default != nil:
		return jen.If(in.Clone().Op("!=").Nil()).Block(to.Op("=").Add(in))
	case isCollection(f.Type):
		return to.Op("=").Add(in)
	case f.Type.Kind == ir.JSON:
		return to.Op("=").Add(e.toDomain(present, in, false))
	case f.Type.Optional && same(present):
		return ifGiven(in, to.Op("=").Op("&").Id("v"))
	case f.Type.Optional:
		return ifGiven(in, jen.Id("value").Op(":=").Add(e.toDomain(present, jen.Id("v"), false)), to.Op("=").Op("&").Id("value"))
	case f.Default != nil:
		return ifGiven(in, to.Op("=").Add(e.toDomain(present, jen.Id("v"), false)))
	}
	return to.Op("=").Add(e.toDomain(present, in, false))
}

// ifGiven is: if v, ok := in.Title.Get(); ok { … }
func ifGiven(in *jen.Statement, then ...jen.Code) *jen.Statement {
	return jen.If(jen.List(jen.Id("v"), jen.Id("ok")).Op(":=").Add(in).Dot("Get").Call(), jen.Id("ok")).Block(then...)
}
