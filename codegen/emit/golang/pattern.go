package golang

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// pattern is the variable that holds a compiled pattern. Patterns are compiled
// once, when the program starts; equal ones share a variable.
func (g *module) pattern(text any) *jen.Statement {
	for _, p := range g.patternsOf() {
		if p.text == text {
			return jen.Id(p.name)
		}
	}
	g.fail(g.Pos, "the pattern %v is used where the generator did not look for it", text)
	return jen.Nil()
}

type pattern struct{ name, text string }

// patternsOf lists the module's patterns, named after the type they constrain
// where it has a name, and numbered otherwise.
func (g *module) patternsOf() []pattern {
	if g.patternList != nil {
		return g.patternList
	}
	list := []pattern{}
	add := func(name, text string) {
		for _, p := range list {
			if p.text == text {
				return
			}
		}
		for _, p := range list {
			if p.name == name {
				name = fmt.Sprintf("%s%d", name, len(list)+1)
			}
		}
		list = append(list, pattern{name, text})
	}
	g.walkTypes(func(name string, t ir.Type) {
		if t.Limits.Pattern != "" {
			add(naming.Local(name)+"Pattern", t.Limits.Pattern)
		}
	})
	g.walkExprs(func(e *ir.Expr) {
		if text, ok := matched(e); ok {
			add("matchPattern", text)
		}
	})
	g.patternList = list
	return list
}

func matched(e *ir.Expr) (string, bool) {
	if e.Op != ir.Call || e.Fn != "matches" {
		return "", false
	}
	text, ok := e.Args[1].Value.(string)
	return text, ok
}

// patterns declares
//
//	var (
//		slugPattern = regexp.MustCompile("^[a-z]+$")
//	)
func (g *module) patterns(f *file) {
	var vars []jen.Code
	for _, p := range g.patternsOf() {
		vars = append(vars, jen.Id(p.name).Op("=").Add(snip.MustCompile()).Call(rawString(p.text)))
	}
	if len(vars) > 0 {
		f.comment("The patterns that texts must match.")
		f.fn(jen.Var().Defs(vars...))
	}
}
