package golang

import (
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// touches finds out from the events that a command emits whether it can move
// what a limit counts; most commands cannot. A handwritten rule may emit anything.
func touches(l *ir.Limit, a *ir.Aggregate, c *ir.Command) bool {
	if c.Handwritten {
		return slices.ContainsFunc(a.Events, func(e *ir.Event) bool { return eventTouches(l, e, nil) })
	}
	before := knownOf(c)
	if len(c.Emits) > 1 {
		before = nil // the second event meets a state that the first has changed
	}
	return slices.ContainsFunc(c.Emits, func(e *ir.Emission) bool { return eventTouches(l, e.Event, before) })
}

// eventTouches compares what is left of the condition before and after the event,
// once all that is known of the state is filled in:
//
//	priority == urgent && status in [pending, started]   with status pending → priority == urgent
//
// If both are the same, the event does not move the count.
func eventTouches(l *ir.Limit, e *ir.Event, before constants) bool {
	if e.Handwritten {
		return true
	}
	after := constants{}
	for path, value := range before {
		after[path] = value
	}
	moved := false
	for _, s := range e.Sets {
		after["state."+s.Field] = "after:" + exprText(s.Value)
		if s.Value.Op == ir.Literal {
			after["state."+s.Field] = exprText(s.Value)
		}
		moved = moved || slices.Contains(l.Per, s.Field)
	}
	left := after.residual(l.Counts)
	return left != before.residual(l.Counts) || moved && left != no
}

// constants are what the paths of a state are known to hold, as texts.
type constants map[string]string

// knownOf is what a command's requirements tell of the state: state.status == 'pending'.
func knownOf(c *ir.Command) constants {
	known := constants{}
	for _, r := range c.Require {
		if r.If.Op != ir.Eq {
			continue
		}
		if a, b := r.If.Args[0], r.If.Args[1]; a.Op == ir.Variable && b.Op == ir.Literal {
			known[strings.Join(a.Path, ".")] = exprText(b)
		}
	}
	return known
}

const (
	yes = "true"
	no  = "false"
)

// residual is what remains of a condition as a text: yes, no, or what cannot be known without running it.
func (k constants) residual(e *ir.Expr) string {
	switch e.Op {
	case ir.Variable:
		if value, ok := k[strings.Join(e.Path, ".")]; ok {
			return value
		}
	case ir.And:
		return join(k.residual(e.Args[0]), k.residual(e.Args[1]), "&&", no, yes)
	case ir.Or:
		return join(k.residual(e.Args[0]), k.residual(e.Args[1]), "||", yes, no)
	case ir.Not:
		return negated(k.residual(e.Args[0]))
	case ir.Eq:
		return k.equal(e.Args[0], e.Args[1])
	case ir.Ne:
		return negated(k.equal(e.Args[0], e.Args[1]))
	case ir.In:
		return k.member(e)
	}
	if len(e.Args) == 0 {
		return exprText(e)
	}
	var args []string
	for _, a := range e.Args {
		args = append(args, k.residual(a))
	}
	return string(e.Op) + e.Fn + "(" + strings.Join(args, ",") + ")"
}

// join combines two conditions; absorbing decides alone, neutral does not matter.
func join(a, b, op, absorbing, neutral string) string {
	switch {
	case a == absorbing || b == absorbing:
		return absorbing
	case a == neutral:
		return b
	case b == neutral:
		return a
	}
	return "(" + a + op + b + ")"
}

func negated(condition string) string {
	switch condition {
	case yes:
		return no
	case no:
		return yes
	}
	return "!" + condition
}

func (k constants) equal(a, b *ir.Expr) string {
	left, right := k.residual(a), k.residual(b)
	if k.isConstant(a) && k.isConstant(b) {
		if left == right {
			return yes
		}
		return no
	}
	return "(" + left + "==" + right + ")"
}

func (k constants) isConstant(e *ir.Expr) bool {
	if e.Op == ir.Variable {
		value, ok := k[strings.Join(e.Path, ".")]
		return ok && !strings.HasPrefix(value, "after:")
	}
	return e.Op == ir.Literal
}

func (k constants) member(e *ir.Expr) string {
	item, list := e.Args[0], e.Args[1]
	if list.Op != ir.ListOf {
		return "(" + k.residual(item) + " in " + k.residual(list) + ")"
	}
	any := no
	for _, other := range list.Args {
		any = join(any, k.equal(item, other), "||", yes, no)
	}
	return any
}
