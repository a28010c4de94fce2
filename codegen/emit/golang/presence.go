package golang

import (
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// presence is a set of optional paths that are known to be there, e.g. "state.started_at".
type presence map[string]bool

// and returns both sets together; neither is changed. Only membership is asked of a presence, so order does not matter.
func (p presence) and(o presence) presence {
	both := presence{}
	for _, set := range []presence{p, o} {
		for path := range set {
			both[path] = true
		}
	}
	return both
}

// whenTrue is what is certainly present where e holds: has(a) && b tells of a.
func whenTrue(e *ir.Expr) presence {
	switch e.Op {
	case ir.Has:
		return presence{strings.Join(e.Args[0].Path, "."): true}
	case ir.And:
		return whenTrue(e.Args[0]).and(whenTrue(e.Args[1]))
	case ir.Not:
		return whenFalse(e.Args[0])
	case ir.Ne:
		return comparedToNull(e)
	}
	return presence{}
}

// whenFalse is what is certainly present where e does not hold: !has(a) || b tells of a.
func whenFalse(e *ir.Expr) presence {
	switch e.Op {
	case ir.Or:
		return whenFalse(e.Args[0]).and(whenFalse(e.Args[1]))
	case ir.Not:
		return whenTrue(e.Args[0])
	case ir.Eq:
		return comparedToNull(e)
	}
	return presence{}
}

func comparedToNull(e *ir.Expr) presence {
	a, b := e.Args[0], e.Args[1]
	switch {
	case a.Op == ir.Variable && isNull(b):
		return presence{strings.Join(a.Path, "."): true}
	case b.Op == ir.Variable && isNull(a):
		return presence{strings.Join(b.Path, "."): true}
	}
	return presence{}
}
