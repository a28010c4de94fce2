package golang

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// exprs prints expressions for one place in the generated code.
type exprs struct {
	g *module
	// roots say how Go reaches what the expression calls state, command, event ….
	roots map[string]root
	// known are the optional paths that are certainly present here.
	known presence
	// needs are the optional paths that were used without being known; the
	// generated code must see to them before it evaluates the expression.
	needs *[]need
}

// root is one variable that expressions start at.
type root struct {
	code   func() *jen.Statement
	fields []*ir.Field
	// row says that the fields hold what ClickHouse gives, see store.go.
	row bool
	// special are names below the root that are not fields.
	special map[string]func() *jen.Statement
	// optional roots are pointers that may be nil.
	optional bool
}

// need is an optional value that must be present.
type need struct {
	path string
	code *jen.Statement
}

func (g *module) exprs(roots map[string]root) *exprs {
	return &exprs{g: g, roots: roots, known: presence{}, needs: &[]need{}}
}

// with returns a printer that also knows p.
func (x *exprs) with(p presence) *exprs {
	inner := *x
	inner.known = x.known.and(p)
	return &inner
}

// learn remembers p for all that is printed from now on.
func (x *exprs) learn(p presence) { x.known = x.known.and(p) }

// apart returns a printer with needs of its own.
func (x *exprs) apart() (*exprs, *[]need) {
	inner := *x
	inner.needs = &[]need{}
	return &inner, inner.needs
}

// takeNeeds returns the needs since the last call; they are known from now on.
func (x *exprs) takeNeeds() []need {
	taken := *x.needs
	*x.needs = nil
	for _, n := range taken {
		x.learn(presence{n.path: true})
	}
	return taken
}

// value prints e as a value of its type, never as a pointer.
func (x *exprs) value(e *ir.Expr) *jen.Statement {
	switch e.Op {
	case ir.Literal:
		return x.g.literal(e)
	case ir.Variable:
		return x.variable(e)
	case ir.ListOf:
		return x.list(e)
	case ir.StructOf:
		return x.structure(e)
	case ir.Has:
		return x.reach(e.Args[0]).Op("!=").Nil()
	case ir.And, ir.Or:
		return x.logic(e)
	case ir.Not:
		code, _ := x.negation(e.Args[0])
		return code
	case ir.Cond:
		return x.choose(required(e.Type), e)
	case ir.In:
		return x.membership(e)
	case ir.Call:
		return x.call(e)
	case ir.Eq, ir.Ne, ir.Lt, ir.Le, ir.Gt, ir.Ge:
		return x.comparison(e)
	case ir.Neg:
		return jen.Op("-").Add(x.operand(e, e.Args[0]))
	}
	return x.arithmetic(e)
}

// variable prints what a path names, dereferenced if it is optional.
func (x *exprs) variable(e *ir.Expr) *jen.Statement {
	if isNow(e) {
		return jen.Id("now")
	}
	code := x.reach(e)
	if x.isOptional(e) {
		code = jen.Op("*").Add(code)
	}
	return x.fromRow(e, code)
}

// reach prints what a path names as it is held, so an optional as a pointer. Each
// optional on the way must be known to be present, or is needed.
func (x *exprs) reach(e *ir.Expr) *jen.Statement {
	return x.walk(e, func(path string, code *jen.Statement) {
		if !x.known[path] {
			*x.needs = append(*x.needs, need{path, code.Clone()})
		}
	})
}

// isOptional tells whether e is held by pointer, and notes that it must be present.
func (x *exprs) isOptional(e *ir.Expr) bool {
	f := x.field(e)
	if f == nil || !isPointer(f.Type) {
		return false
	}
	if path := strings.Join(e.Path, "."); !x.known[path] && !x.isNeeded(path) {
		*x.needs = append(*x.needs, need{path, x.reach(e)})
	}
	return true
}

func (x *exprs) isNeeded(path string) bool {
	for _, n := range *x.needs {
		if n.path == path {
			return true
		}
	}
	return false
}

// walk prints a path; optionalBelow is told of each optional struct that it goes through.
func (x *exprs) walk(e *ir.Expr, optionalBelow func(path string, code *jen.Statement)) *jen.Statement {
	r, ok := x.roots[e.Path[0]]
	if !ok {
		x.g.fail(e.Pos, "%s cannot be used here", strings.Join(e.Path, "."))
		return jen.Nil()
	}
	if len(e.Path) == 2 {
		if code := r.special[e.Path[1]]; code != nil {
			return code()
		}
	}
	code, fields := r.code(), r.fields
	if r.optional && len(e.Path) > 1 {
		optionalBelow(e.Path[0], r.code())
	}
	for i, name := range e.Path[1:] {
		f := ir.FieldNamed(fields, name)
		if f == nil {
			x.g.fail(e.Pos, "%s cannot be used here", strings.Join(e.Path, "."))
			return jen.Nil()
		}
		code = code.Dot(naming.Go(name))
		last := i == len(e.Path)-2
		if isPointer(f.Type) && !last {
			optionalBelow(strings.Join(e.Path[:i+2], "."), code)
		}
		if f.Type.Def != nil {
			fields = f.Type.Def.Fields
		}
	}
	return code
}

// field is the declared field that a path ends at, nil for built-in names.
func (x *exprs) field(e *ir.Expr) *ir.Field {
	if e.Op != ir.Variable {
		return nil
	}
	fields := x.roots[e.Path[0]].fields
	var f *ir.Field
	for _, name := range e.Path[1:] {
		if f = ir.FieldNamed(fields, name); f == nil {
			return nil
		}
		if f.Type.Def != nil {
			fields = f.Type.Def.Fields
		}
	}
	return f
}

func isNow(e *ir.Expr) bool { return e.Op == ir.Variable && len(e.Path) == 1 && e.Path[0] == "now" }

// assign prints e as a value for a place of type t, which may be optional.
func (x *exprs) assign(t ir.Type, e *ir.Expr) *jen.Statement {
	switch {
	case isNull(e):
		return jen.Nil()
	case !isPointer(t):
		return x.value(e)
	case x.isHeldByPointer(e):
		return x.reach(e) // values are never changed in place, so the pointer may be shared
	case isOptionalAttribute(e):
		return x.attribute(e)
	case e.Op == ir.Cond:
		return x.choose(t, e)
	}
	return x.pointer(t, e)
}

// pointer prints new(e), or nil where something that e is computed from is absent:
//
//	func() *int64 {
//		if state.StartedAt == nil {
//			return nil
//		}
//		return new(…)
//	}()
func (x *exprs) pointer(t ir.Type, e *ir.Expr) *jen.Statement {
	inner, needs := x.apart()
	code := jen.Id("new").Call(inner.typed(e))
	if len(*needs) == 0 {
		return code
	}
	return jen.Func().Params().Add(x.g.goType(t)).Block(
		jen.If(anyAbsent(*needs)).Block(jen.Return(jen.Nil())),
		jen.Return(code),
	).Call()
}

// isHeldByPointer tells whether e is an optional variable that is stored as assign needs it.
func (x *exprs) isHeldByPointer(e *ir.Expr) bool {
	f := x.field(e)
	return f != nil && isPointer(f.Type) && !x.roots[e.Path[0]].row
}

// typed prints e so that its Go type is right even where nothing else says so.
func (x *exprs) typed(e *ir.Expr) *jen.Statement {
	if e.Op == ir.Literal && e.Type.Kind == ir.Int {
		return jen.Int64().Call(x.value(e))
	}
	return x.value(e)
}

func isNull(e *ir.Expr) bool { return e.Op == ir.Literal && e.Value == nil }

// list prints a list literal with the type of its elements.
func (x *exprs) list(e *ir.Expr) *jen.Statement {
	var items []jen.Code
	for _, a := range e.Args {
		items = append(items, x.value(a))
	}
	return x.g.goType(required(e.Type)).Values(items...)
}

// structure prints the literal of a struct or of money.
func (x *exprs) structure(e *ir.Expr) *jen.Statement {
	if e.Type.Kind == ir.Money {
		return snip.Money().Values(pair("Amount", x.value(e.Args[0])), pair("Currency", x.value(e.Args[1])))
	}
	var fields []jen.Code
	for i, f := range e.Type.Def.Fields {
		if !isNull(e.Args[i]) {
			fields = append(fields, pair(naming.Go(f.Name), x.assign(f.Type, e.Args[i])))
		}
	}
	return x.g.goType(required(e.Type)).Values(fields...)
}

// choose prints c ? a : b for a place of type t; only the branch that is taken is
// evaluated, and if t is optional, only that one may be absent.
func (x *exprs) choose(t ir.Type, e *ir.Expr) *jen.Statement {
	c, a, b := e.Args[0], e.Args[1], e.Args[2]
	return jen.Func().Params().Add(x.g.goType(t)).Block(
		jen.If(x.condition(c)).Block(jen.Return(x.with(whenTrue(c)).assign(t, a))),
		jen.Return(x.with(whenFalse(c)).assign(t, b)),
	).Call()
}

// membership prints a in b.
func (x *exprs) membership(e *ir.Expr) *jen.Statement {
	item, in := e.Args[0], e.Args[1]
	if in.Type.Kind == ir.Map {
		return snip.Codec("HasKey").Call(x.value(in), x.value(item))
	}
	return snip.SlicesContains().Call(x.value(in), x.value(item))
}
