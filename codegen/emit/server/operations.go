package server

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// declared emits the handlers of the operations whose bodies people write.
func (e *emission) declared() {
	if len(e.Operations) == 0 {
		return
	}
	f := e.file("operations.go")
	for _, o := range e.Operations {
		f.Add(e.perform(o)).Line()
	}
}

// perform emits one handler:
//
//	// SignIn runs the operation SignIn.
//	func (s *server) SignIn(ctx context.Context, req *api.SignInInput) (*api.SignInResult, error) {
//		in := signInGiven(req)
//		if err := in.Prepare(); err != nil {
//			return nil, err
//		}
//		out, err := s.does.SignIn(ctx, httpx.Caller(ctx), in)
//		if err != nil {
//			return nil, err
//		}
//		return signInResultView(&out), nil
//	}
func (e *emission) perform(o *ir.Operation) *jen.Statement {
	result, none := jen.Error(), []jen.Code{}
	call := jen.Id("s").Dot("does").Dot(o.Name).Call(ctx(), httpxPkg("Caller").Call(ctx()), jen.Id("in"))
	last := []jen.Code{jen.Return(call)}
	if len(o.Output) > 0 {
		result, none = jen.Params(jen.Op("*").Add(e.api(openapi.ResultName(o))), jen.Error()), []jen.Code{jen.Nil()}
		last = []jen.Code{
			jen.List(jen.Id("out"), jen.Err()).Op(":=").Add(call), returnErr(),
			jen.Return(jen.Id(resultView(o)).Call(jen.Op("&").Id("out")), jen.Nil()),
		}
	}
	parameters, arguments := e.sent(o)
	begin := jen.Id(givenFunc(o)).Call(arguments...)
	if len(o.Input) == 0 {
		begin = e.domain(o.Name).Values()
	}
	body := []jen.Code{jen.Id("in").Op(":=").Add(begin)}
	if o.Raw {
		body = append(body, jen.List(jen.Id("in").Dot("Body"), jen.Id("in").Dot("Headers")).Op("=").Add(httpxPkg("Raw")).Call(ctx()))
	}
	if len(o.Input) > 0 {
		body = append(body, jen.If(jen.Err().Op(":=").Id("in").Dot("Prepare").Call(), jen.Err().Op("!=").Nil()).Block(jen.Return(append(none, jen.Err())...)))
	}
	return comment(o.Name+" runs the operation "+o.Name+".", o.Doc).
		Func().Params(jen.Id("s").Op("*").Id("server")).Id(o.Name).Params(append([]jen.Code{ctxParam()}, parameters...)...).Add(result).
		Block(append(body, last...)...)
}

// sent is what the API hands over, as parameters and as arguments.
func (e *emission) sent(o *ir.Operation) (parameters, arguments []jen.Code) {
	if len(o.Body()) > 0 {
		parameters = append(parameters, jen.Id("req").Op("*").Add(e.api(openapi.InputName(o.Name))))
		arguments = append(arguments, jen.Id("req"))
	}
	if len(o.Parameters()) > 0 {
		parameters = append(parameters, jen.Id("params").Add(e.api(o.Name+"Params")))
		arguments = append(arguments, jen.Id("params"))
	}
	return parameters, arguments
}

// operationValues emits the functions between an operation's values and the API's.
func (e *emission) operationValues(f *file, o *ir.Operation) {
	if len(o.Input) > 0 {
		parameters, _ := e.sent(o)
		inputs := append(given("params", o.Parameters()), given("req", o.Body())...)
		f.Comment(givenFunc(o) + " is what a request gives to " + o.Name + ".")
		f.Func().Id(givenFunc(o)).Params(parameters...).Add(e.domain(o.Name)).Block(e.taken(e.Name, o.Name, inputs)...)
		f.Line()
	}
	if len(o.Output) == 0 {
		return
	}
	name := openapi.ResultName(o)
	v := &target{name: "v", owner: name}
	for _, field := range o.Output {
		e.show(v, shown{field, jen.Id("r").Dot(naming.Go(field.Name)), false}, field.Type.Optional)
	}
	f.Func().Id(resultView(o)).Params(jen.Id("r").Op("*").Add(e.domain(name))).Op("*").Add(e.api(name)).Block(v.pointer(e.api(name))...)
	f.Line()
}

// declaredTerms is the operation's entry in the table of who may call what.
func (e *emission) declaredTerms(o *ir.Operation) *jen.Statement {
	members := []jen.Code{member("Name", jen.Lit(o.Name))}
	if o.Public {
		members = append(members, member("Public", jen.True()))
	}
	if len(o.Allow) > 0 {
		members = append(members, member("Roles", texts(o.Allow)))
	}
	if o.Platform {
		members = append(members, member("Platform", jen.True()))
	}
	if o.Raw {
		members = append(members, member("Raw", jen.True()))
	}
	return e.api(o.Name + "Operation").Op(":").Values(append(members, e.terms(o.Name)...)...)
}

func givenFunc(o *ir.Operation) string  { return naming.Local(o.Name) + "Given" }
func resultView(o *ir.Operation) string { return naming.Local(openapi.ResultName(o)) + "View" }
