package golang

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// logValue keeps personal data out of logs. It declares, if a struct holds any,
//
//	func (v PersonJoined) LogValue() slog.Value {
//		return slog.GroupValue(
//			slog.String("email", "[personal]"),
//			slog.Any("city", v.City),
//		)
//	}
func (g *module) logValue(f *file, name string, fields []*ir.Field) {
	if !slices.ContainsFunc(fields, isPersonal) {
		return
	}
	var attributes []jen.Code
	for _, field := range fields {
		attribute := snip.LogAny().Call(jen.Lit(field.Name), jen.Id("v").Dot(naming.Go(field.Name)))
		if isPersonal(field) {
			attribute = snip.LogString().Call(jen.Lit(field.Name), jen.Lit("[personal]"))
		}
		attributes = append(attributes, attribute)
	}
	f.comment("LogValue is what logs show of v: personal data stays out.")
	f.fn(jen.Func().Params(jen.Id("v").Id(name)).Id("LogValue").Params().Add(snip.LogValue()).Block(
		jen.Return(snip.LogGroup().Add(callLines(attributes...)))))
}

// isPersonal tells whether a field's value, or a part of it, is personal data.
func isPersonal(f *ir.Field) bool { return f.PII || holdsPersonal(f.Type) }

func holdsPersonal(t ir.Type) bool {
	return t.PII || t.Elem != nil && holdsPersonal(*t.Elem) ||
		t.Kind == ir.Struct && slices.ContainsFunc(t.Def.Fields, isPersonal)
}
