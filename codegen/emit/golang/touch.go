package golang

import (
	"slices"

	"github.com/oksai/oksai/codegen/ir"
)

// limitUse says what a limit has to do with a command.
type limitUse int

const (
	untouched limitUse = iota // the command's events leave alone what is counted
	releases                  // they can only end a count, so the bound need not be known
	claims                    // they can begin one
)

// useOf finds out from the events that a command emits. It spares most commands
// the facts that the bound depends on. A handwritten rule may emit anything.
func useOf(l *ir.Limit, a *ir.Aggregate, c *ir.Command) limitUse {
	events := a.Events
	if !c.Handwritten {
		events = nil
		for _, e := range c.Emits {
			events = append(events, e.Event)
		}
	}
	use := untouched
	for _, e := range events {
		use = max(use, useOfEvent(l, e))
	}
	return use
}

func useOfEvent(l *ir.Limit, e *ir.Event) limitUse {
	if e.Handwritten {
		return claims
	}
	if !touches(l, e) {
		return untouched
	}
	if truthAfter(l.Counts, e) == no {
		return releases
	}
	return claims
}

func touches(l *ir.Limit, e *ir.Event) bool {
	return slices.ContainsFunc(e.Sets, func(s *ir.Assignment) bool {
		counted := slices.Contains(l.Per, s.Field)
		walkExpr(l.Counts, func(n *ir.Expr) {
			counted = counted || n.Op == ir.Variable && len(n.Path) > 1 && n.Path[1] == s.Field
		})
		return counted
	})
}

// truth is what is known of a condition without running it.
type truth int

const (
	unknown truth = iota
	yes
	no
)

func known(b bool) truth {
	if b {
		return yes
	}
	return no
}

// truthAfter evaluates a condition over the state as far as the literals that an event sets decide it.
func truthAfter(cond *ir.Expr, e *ir.Event) truth {
	switch cond.Op {
	case ir.And:
		return conjunction(truthAfter(cond.Args[0], e), truthAfter(cond.Args[1], e))
	case ir.Or:
		return not(conjunction(not(truthAfter(cond.Args[0], e)), not(truthAfter(cond.Args[1], e))))
	case ir.Not:
		return not(truthAfter(cond.Args[0], e))
	case ir.Eq, ir.Ne:
		a, b := constantAfter(cond.Args[0], e), constantAfter(cond.Args[1], e)
		if a == nil || b == nil {
			return unknown
		}
		return known((a.Value == b.Value) == (cond.Op == ir.Eq))
	case ir.In:
		return membershipAfter(cond, e)
	}
	return unknown
}

func membershipAfter(cond *ir.Expr, e *ir.Event) truth {
	item := constantAfter(cond.Args[0], e)
	if item == nil || cond.Args[1].Op != ir.ListOf {
		return unknown
	}
	for _, other := range cond.Args[1].Args {
		if other.Op != ir.Literal {
			return unknown
		}
		if other.Value == item.Value {
			return yes
		}
	}
	return no
}

// constantAfter is the literal that e is, or that the event sets the variable e to; nil if there is none.
func constantAfter(e *ir.Expr, ev *ir.Event) *ir.Expr {
	if e.Op == ir.Literal {
		return e
	}
	if e.Op != ir.Variable || len(e.Path) != 2 {
		return nil
	}
	for _, s := range ev.Sets {
		if s.Field == e.Path[1] && s.Value.Op == ir.Literal {
			return s.Value
		}
	}
	return nil
}

func conjunction(a, b truth) truth {
	switch {
	case a == no || b == no:
		return no
	case a == yes && b == yes:
		return yes
	}
	return unknown
}

func not(t truth) truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}
