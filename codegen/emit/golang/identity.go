package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// streamID declares, for a command that tells the id of what it begins,
//
//	func (c AddMember) StreamID(command.Caller) uuid.UUID {
//		return c.User
//	}
func (g *module) streamID(f *file, a *ir.Aggregate, c *ir.Command) {
	if !c.Identified() {
		return
	}
	x := g.exprs(map[string]root{"command": commandRoot("c", c), "context": callerRoot()})
	var body []jen.Code
	if g.normalizesAny(c.Input) {
		body = append(body, jen.Id("c").Dot("Normalize").Call())
	}
	id := func() *jen.Statement { return x.value(c.ID) }
	if c.By != nil {
		id = func() *jen.Statement { return derivedID(a, x.value(c.By)) }
	}
	body = append(body, jen.Return(id()))
	receiver, caller := jen.Id(naming.Go(c.Name)), callerType()
	if len(body) > 1 || uses("command", c.ID, c.By) {
		receiver = jen.Id("c").Add(receiver)
	}
	if uses("context", c.ID, c.By) {
		caller = jen.Id("caller").Add(caller)
	}
	f.comment("StreamID is the id of the %s that the command begins.", a.Name)
	f.fn(jen.Func().Params(receiver).Id("StreamID").Params(caller).Add(snip.UUID()).Block(body...))
}

// derivedID prints uuid.NewSHA1(uuid.NameSpaceOID, []byte("sales.Fulfilment:"+name)).
// The aggregate is part of it, for a tenant's streams of all kinds share their ids.
func derivedID(a *ir.Aggregate, name *jen.Statement) *jen.Statement {
	return snip.NewSHA1().Call(snip.NameSpace(), jen.Index().Byte().Call(jen.Lit(a.Module+"."+a.Stored()+":").Op("+").Add(name)))
}

// begun prints, in a reaction to a command that tells an id itself,
//
//	id := cmd.StreamID(caller)
//
// and passes over an event whose aggregate is there already, unless the command acts on it.
func (g *module) begun(r *ir.Reaction) []jen.Code {
	if !r.Command.Identified() {
		return nil
	}
	code := []jen.Code{jen.Id("id").Op(":=").Id("cmd").Dot("StreamID").Call(jen.Id("caller"))}
	if r.Command.IfAbsent {
		return code
	}
	return append(code, g.passOver(r, jen.Id("there")))
}
