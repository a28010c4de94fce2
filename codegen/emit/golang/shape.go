package golang

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

// Shapes are texts that change when, and only when, what they describe means
// something else. Their hashes name snapshots and read models, so documentation
// and places in files must not be part of them.

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}

func typeText(t ir.Type) string {
	var b strings.Builder
	b.WriteString(string(t.Kind))
	switch {
	case t.Kind == ir.Enum:
		for _, v := range t.Def.Values {
			b.WriteString("|" + v.Name)
		}
	case t.Kind == ir.Struct:
		b.WriteString("{" + fieldsText(t.Def.Fields) + "}")
	case t.Key != nil:
		fmt.Fprintf(&b, "[%s]%s", typeText(*t.Key), typeText(*t.Elem))
	case t.Elem != nil:
		fmt.Fprintf(&b, "[%s]", typeText(*t.Elem))
	case t.Kind == ir.Decimal:
		fmt.Fprintf(&b, "(%d,%d)", t.Precision, t.Scale)
	}
	if t.Optional {
		b.WriteString("?")
	}
	return b.String()
}

func fieldsText(fields []*ir.Field) string {
	var parts []string
	for _, f := range fields {
		parts = append(parts, f.Name+":"+typeText(f.Type))
	}
	return strings.Join(parts, ",")
}

func exprText(e *ir.Expr) string {
	if e == nil {
		return ""
	}
	switch e.Op {
	case ir.Literal:
		return fmt.Sprintf("%s:%v", e.Type.Kind, e.Value)
	case ir.Variable:
		return strings.Join(e.Path, ".")
	}
	var args []string
	for _, a := range e.Args {
		args = append(args, exprText(a))
	}
	return fmt.Sprintf("%s%s(%s)", e.Op, e.Fn, strings.Join(args, ","))
}

func assignmentsText(list []*ir.Assignment) string {
	var parts []string
	for _, a := range list {
		parts = append(parts, a.Field+"="+exprText(a.Value))
	}
	return strings.Join(parts, ",")
}

// stateShape is what a snapshot depends on: the state's fields and how events fold into it.
func stateShape(a *ir.Aggregate) string {
	parts := []string{a.Module, a.Name, fieldsText(a.State)}
	for _, e := range a.Events {
		parts = append(parts, fmt.Sprintf("%s v%d {%s} {%s} %t", e.Name, e.Version, fieldsText(e.Fields), assignmentsText(e.Sets), e.Handwritten))
	}
	return strings.Join(parts, "\n")
}

// projectionShape is what a read model's rows depend on.
func projectionShape(p *ir.Projection) string {
	parts := []string{p.Module, p.Name, fieldsText(p.Key), fieldsText(p.Columns)}
	for _, a := range p.Of {
		parts = append(parts, a.Module+"."+a.Stored())
	}
	if p.Version > 1 {
		parts = append(parts, fmt.Sprint("version ", p.Version))
	}
	for _, h := range p.Handlers {
		line := fmt.Sprintf("%s.%s {%s} {%s} %s %t", h.Aggregate.Module, h.Event.Stored(), fieldsText(h.Event.Fields), assignmentsText(h.Key), exprText(h.When), h.Delete)
		if h.Handwritten {
			line += " by hand"
		}
		for _, s := range h.Steps {
			line += fmt.Sprintf(" %s %s=%s", s.Verb, s.Column, exprText(s.Value))
		}
		parts = append(parts, line)
	}
	return strings.Join(parts, "\n")
}
