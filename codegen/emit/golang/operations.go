package golang

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// operationsFile declares what a person has to write where the spec says only
// what comes in and goes out, if there is anything:
//
//	type Operations interface {
//		SignIn(ctx context.Context, caller command.Caller, in SignIn) (SignInResult, error)
//	}
func (g *module) operationsFile() *file {
	if !g.HasHandwork() {
		return nil
	}
	f := g.newFile("operations.go")
	var methods []jen.Code
	for _, o := range g.Operations {
		methods = append(methods, docLines(does(o.Name, o.Doc, "is the operation of that name."))...)
		methods = append(methods, jen.Id(o.Name).Params(jen.Id("ctx").Add(snip.Context()), jen.Id("caller").Add(callerType()), jen.Id("in").Id(o.Name)).Add(results(o)))
	}
	g.eachFinder(func(a *ir.Aggregate, t *ir.Timer) {
		methods = append(methods, docLines(finderName(a, t)+" finds out what "+t.Command.Name+" is given when the timer "+t.Name+" goes off.")...)
		methods = append(methods, jen.Id(finderName(a, t)).Params(jen.Id("ctx").Add(snip.Context()), jen.Id("caller").Add(callerType()), jen.Id("at").Add(loadedType(a))).
			Params(jen.Id(naming.Go(t.Command.Name)), jen.Error()))
	})
	f.comment("Operations are what the module does that the spec leaves to people. Their values were checked, and so was the caller, who is nobody where the operation is public.")
	f.comment("What an operation refuses its input has a method for; any other error is an internal one.")
	f.fn(jen.Type().Id("Operations").Interface(methods...))
	g.means(f)
	for _, o := range g.Operations {
		g.operation(f, o)
	}
	g.unimplementedOperations(f)
	return f
}

// eachFinder visits the timers whose commands' input people find out.
func (g *module) eachFinder(visit func(*ir.Aggregate, *ir.Timer)) {
	for _, a := range g.Aggregates {
		for _, t := range a.Timers {
			if t.Handwritten {
				visit(a, t)
			}
		}
	}
}

func loadedType(a *ir.Aggregate) *jen.Statement {
	return snip.Command("Loaded").Types(jen.Id(naming.Go(a.Name)))
}

func resultName(o *ir.Operation) string { return o.Name + "Result" }

// results is (SignInResult, error), or error alone.
func results(o *ir.Operation) *jen.Statement {
	if len(o.Output) == 0 {
		return jen.Error()
	}
	return jen.Params(jen.Id(resultName(o)), jen.Error())
}

// means declares what operations work with:
//
//	type Means struct {
//		Repositories *Repositories
//		Users        *Users
//		// MailKey are the values of MAIL_KEY, …
//		MailKey []secret.Text
//	}
func (g *module) means(f *file) {
	fields := []jen.Code{jen.Id("Repositories").Op("*").Id("Repositories")}
	for _, a := range g.Aggregates {
		fields = append(fields, jen.Id(runnerName(a)).Op("*").Id(runnerName(a)))
	}
	for _, s := range g.Secrets {
		fields = append(fields, docLines(does(SecretName(s)+" are the values of "+s.Name+",", s.Doc, "none where it is not set."))...)
		fields = append(fields, jen.Id(SecretName(s)).Index().Add(snip.Secret()))
	}
	f.comment("Means are what operations work with: the aggregates, what prepares their commands, and secrets.")
	f.fn(jen.Type().Id("Means").Struct(fields...))
}

// SecretName makes PaymentWebhookSecret of PAYMENT_WEBHOOK_SECRET.
func SecretName(s *ir.Secret) string { return naming.Go(strings.ToLower(s.Name)) }

// operation declares what comes in, what goes out, and the refusals.
func (g *module) operation(f *file, o *ir.Operation) {
	fields := g.structFields(o.Input)
	if o.Raw {
		fields = append(fields, jen.Comment("Body is what came, byte for byte, and Headers what came with it."),
			jen.Id("Body").Index().Byte(), jen.Id("Headers").Add(snip.Headers()))
	}
	f.comment("%s is what the operation of that name is given.", o.Name)
	f.fn(jen.Type().Id(o.Name).Struct(fields...))
	g.logValue(f, o.Name, o.Input)
	g.constructor(f, o.Name, o.Input)
	g.structNormalize(f, o.Name, o.Input)
	g.prepareOperation(f, o)
	for _, failure := range o.Failures {
		g.failure(f, o, failure)
	}
	if len(o.Output) > 0 {
		f.comment("%s is what %s answers with.", resultName(o), o.Name)
		f.fn(jen.Type().Id(resultName(o)).Struct(g.structFields(o.Output)...))
		g.logValue(f, resultName(o), o.Output)
	}
}

// prepareOperation declares
//
//	func (v *SignIn) Prepare() error {
//		v.Normalize()
//		errs := new(validate.Errors)
//		errs.Email("/email", v.Email)
//		return errs.Problem()
//	}
//
// What is wrong is shown where it came from: the path, the query or the body.
func (g *module) prepareOperation(f *file, o *ir.Operation) {
	var body []jen.Code
	if g.normalizesAny(o.Input) {
		body = append(body, jen.Id("v").Dot("Normalize").Call())
	}
	checks := g.fieldChecks(o.Input, func(field string) *jen.Statement {
		switch in := ir.FieldNamed(o.Input, field); {
		case o.InPath(in):
			return jen.Lit("path/" + field)
		case !o.HasBody():
			return jen.Lit("query/" + field)
		}
		return jen.Lit("/" + field)
	})
	switch {
	case len(o.Input) == 0:
		return
	case len(checks) == 0:
		body = append(body, jen.Return(jen.Nil()))
	default:
		body = append(append(append(body, jen.Id("errs").Op(":=").New(snip.Validation())), checks...), jen.Return(jen.Id("errs").Dot("Problem").Call()))
	}
	receiver := jen.Id("v")
	if len(body) == 1 {
		receiver = jen.Null()
	}
	f.comment("Prepare brings the values into form and tells all that is wrong with them.")
	f.fn(jen.Func().Params(receiver.Op("*").Id(o.Name)).Id("Prepare").Params().Error().Block(body...))
}

// failureName makes InvalidCredentials of INVALID_CREDENTIALS.
func failureName(f *ir.Failure) string { return naming.Go(strings.ToLower(f.Code)) }

// failure declares
//
//	func (SignIn) InvalidCredentials() *problem.Error {
//		return problem.Refusal(401, "INVALID_CREDENTIALS", "e-mail or password is wrong")
//	}
func (g *module) failure(f *file, o *ir.Operation, failure *ir.Failure) {
	f.comment("%s refuses: %s.", failureName(failure), failure.Message)
	f.fn(jen.Func().Params(jen.Id(o.Name)).Id(failureName(failure)).Params().Op("*").Add(snip.Problem()).Block(
		jen.Return(refusal(failure.Refusal))))
}

// unimplementedOperations declares operations that refuse, to embed while the real ones are being written.
func (g *module) unimplementedOperations(f *file) {
	f.comment("UnimplementedOperations refuses everything. Embed it while the real operations are being written.")
	f.fn(jen.Type().Id("UnimplementedOperations").Struct())
	f.fn(jen.Var().Id("_").Id("Operations").Op("=").Id("UnimplementedOperations").Values())
	for _, o := range g.Operations {
		refusal := []jen.Code{snip.NewProblem().Call(jen.Lit(501), jen.Lit("NOT_IMPLEMENTED"), jen.Lit("Not implemented"), jen.Lit("the operation "+o.Name+" is not written yet"))}
		if len(o.Output) > 0 {
			refusal = append([]jen.Code{jen.Id(resultName(o)).Values()}, refusal...)
		}
		f.comment("%s refuses.", o.Name)
		f.fn(jen.Func().Params(jen.Id("UnimplementedOperations")).Id(o.Name).
			Params(snip.Context(), callerType(), jen.Id(o.Name)).Add(results(o)).Block(jen.Return(refusal...)))
	}
	g.eachFinder(func(a *ir.Aggregate, t *ir.Timer) {
		f.comment("%s fails.", finderName(a, t))
		f.fn(jen.Func().Params(jen.Id("UnimplementedOperations")).Id(finderName(a, t)).
			Params(snip.Context(), callerType(), loadedType(a)).Params(jen.Id(naming.Go(t.Command.Name)), jen.Error()).Block(
			jen.Return(jen.Id(naming.Go(t.Command.Name)).Values(), snip.NewProblem().Call(jen.Lit(501), jen.Lit("NOT_IMPLEMENTED"), jen.Lit("Not implemented"), jen.Lit(finderName(a, t)+" is not written yet")))))
	})
}
