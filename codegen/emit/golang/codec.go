package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/oksai/oksai/codegen/emit/golang/snip"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

// codecFile holds the JSON codecs of an aggregate's state and events.
func (g *module) codecFile(a *ir.Aggregate) *file {
	f := g.newFile(naming.Snake(a.Name) + "_codec.go")
	g.encodeMethod(f, naming.Go(a.Name), a.State)
	g.decodeMethod(f, naming.Go(a.Name), a.State)
	for _, e := range a.Events {
		g.encodeMethod(f, naming.Go(e.Name), e.Fields)
		g.decodeMethod(f, naming.Go(e.Name), e.Fields)
	}
	g.decodeEvent(f, a)
	return f
}

// encodeMethod declares
//
//	func (v JobCreated) Encode(e *jx.Encoder) {
//		e.ObjStart()
//		e.FieldStart("title")
//		e.Str(v.Title)
//		e.ObjEnd()
//	}
func (g *module) encodeMethod(f *file, name string, fields []*ir.Field) {
	body := []jen.Code{jen.Id("e").Dot("ObjStart").Call()}
	for _, field := range fields {
		body = append(body, g.encodeField(field)...)
	}
	body = append(body, jen.Id("e").Dot("ObjEnd").Call())
	f.comment("Encode writes v as one JSON object.")
	f.fn(jen.Func().Params(jen.Id("v").Id(name)).Id("Encode").Params(jen.Id("e").Op("*").Add(snip.Encoder())).Block(body...))
}

func (g *module) encodeField(f *ir.Field) []jen.Code {
	value := jen.Id("v").Dot(naming.Go(f.Name))
	start := jen.Id("e").Dot("FieldStart").Call(jen.Lit(f.Name))
	if !f.Type.Optional {
		return []jen.Code{start, g.encode(f.Type, value)}
	}
	present := value.Clone()
	if isPointer(f.Type) {
		value = jen.Op("*").Add(value)
	}
	return []jen.Code{jen.If(present.Op("!=").Nil()).Block(start, g.encode(required(f.Type), value))}
}

// encode is the statement that writes a value.
func (g *module) encode(t ir.Type, value *jen.Statement) *jen.Statement {
	switch t.Kind {
	case ir.Enum:
		return snip.Codec("EncodeText").Call(jen.Id("e"), value)
	case ir.Struct, ir.Money:
		return snip.Codec("EncodeStruct").Call(jen.Id("e"), value)
	case ir.List, ir.Set:
		return snip.Codec("EncodeList").Call(jen.Id("e"), value, g.encoder(*t.Elem))
	case ir.Map:
		return snip.Codec("EncodeMap").Call(jen.Id("e"), value, g.encoder(*t.Elem))
	case ir.Bool:
		return jen.Id("e").Dot("Bool").Call(value)
	case ir.Int:
		return jen.Id("e").Dot("Int64").Call(value)
	}
	if isText(t.Kind) {
		return jen.Id("e").Dot("Str").Call(value)
	}
	return snip.Codec("Encode"+codecNames[t.Kind]).Call(jen.Id("e"), value)
}

// codecNames are the suffixes of the codec package's functions.
var codecNames = map[ir.Kind]string{
	ir.UUID: "UUID", ir.Ref: "UUID", ir.Timestamp: "Time", ir.Date: "Date",
	ir.Duration: "Duration", ir.Decimal: "Decimal", ir.JSON: "JSON",
	ir.Bool: "Bool", ir.Int: "Int",
}

// encoder is a function that writes one item of a collection.
func (g *module) encoder(t ir.Type) *jen.Statement {
	switch {
	case isText(t.Kind):
		return snip.Codec("EncodeText").Types(jen.String())
	case t.Kind == ir.Enum:
		return snip.Codec("EncodeText").Types(g.goType(t))
	case t.Kind == ir.Struct || t.Kind == ir.Money:
		return snip.Codec("EncodeStruct").Types(g.goType(t))
	case isCollection(t):
		return jen.Func().Params(jen.Id("e").Op("*").Add(snip.Encoder()), jen.Id("v").Add(g.goType(t))).Block(g.encode(t, jen.Id("v")))
	}
	return snip.Codec("Encode" + codecNames[t.Kind])
}

// decodeMethod declares
//
//	func (v *JobCreated) Decode(d *jx.Decoder) error {
//		return codec.Object(d, func(key []byte) (err error) {
//			switch string(key) {
//			case "title":
//				v.Title, err = d.Str()
//			default:
//				err = d.Skip()
//			}
//			return err
//		})
//	}
func (g *module) decodeMethod(f *file, name string, fields []*ir.Field) {
	var cases []jen.Code
	for _, field := range fields {
		keys := []jen.Code{jen.Lit(field.Name)}
		if field.Was != "" {
			keys = append(keys, jen.Lit(field.Was))
		}
		place := jen.Id("v").Dot(naming.Go(field.Name))
		cases = append(cases, jen.Case(keys...).Block(jen.List(place, jen.Err()).Op("=").Add(g.decode(field.Type))))
	}
	read := jen.Switch(jen.String().Call(jen.Id("key"))).Block(append(cases, jen.Default().Block(jen.Err().Op("=").Id("d").Dot("Skip").Call()))...)
	body := []jen.Code{read, jen.Return(jen.Err())}
	if len(fields) == 0 {
		body = []jen.Code{jen.Return(jen.Id("d").Dot("Skip").Call())}
	}
	f.comment("Decode reads what Encode wrote, now or in an earlier version. Keys it does not know are skipped.")
	f.fn(jen.Func().Params(jen.Id("v").Op("*").Id(name)).Id("Decode").Params(jen.Id("d").Op("*").Add(snip.Decoder())).Error().Block(
		jen.Return(snip.Codec("Object").Call(jen.Id("d"),
			jen.Func().Params(jen.Id(decodeKey(fields)).Index().Byte()).Params(jen.Err().Error()).Block(body...)))))
}

func decodeKey(fields []*ir.Field) string {
	if len(fields) == 0 {
		return "_"
	}
	return "key"
}

// decode is the expression that reads a value and an error.
func (g *module) decode(t ir.Type) *jen.Statement {
	d := jen.Id("d")
	switch {
	case isPointer(t):
		return snip.Codec("DecodeOptional").Call(d, g.decoder(required(t)))
	case isText(t.Kind):
		return d.Dot("Str").Call()
	case t.Kind == ir.Bool:
		return d.Dot("Bool").Call()
	case t.Kind == ir.Int:
		return d.Dot("Int64").Call()
	case t.Kind == ir.List || t.Kind == ir.Set:
		return snip.Codec("DecodeList").Call(d, g.decoder(*t.Elem))
	case t.Kind == ir.Map:
		return snip.Codec("DecodeMap").Types(g.goType(*t.Key)).Call(d, g.decoder(*t.Elem))
	}
	return g.decoder(t).Call(d)
}

// decoder is a function that reads one value.
func (g *module) decoder(t ir.Type) *jen.Statement {
	switch {
	case isText(t.Kind):
		return jen.Parens(jen.Op("*").Add(snip.Decoder())).Dot("Str")
	case t.Kind == ir.Enum:
		return snip.Codec("DecodeText").Types(g.goType(t))
	case t.Kind == ir.Struct || t.Kind == ir.Money:
		return snip.Codec("DecodeStruct").Types(g.goType(t))
	case t.Kind == ir.Bool:
		return jen.Parens(jen.Op("*").Add(snip.Decoder())).Dot("Bool")
	case t.Kind == ir.Int:
		return jen.Parens(jen.Op("*").Add(snip.Decoder())).Dot("Int64")
	case isCollection(t):
		return jen.Func().Params(jen.Id("d").Op("*").Add(snip.Decoder())).Params(g.goType(t), jen.Error()).Block(jen.Return(g.decode(t)))
	}
	return snip.Codec("Decode" + codecNames[t.Kind])
}

// decodeEvent declares
//
//	func DecodeJobEvent(typ string, version int, payload []byte) (event.Data, error) {
//		switch typ {
//		case "job.JobCreated":
//			return codec.Event[JobCreated](payload)
//		}
//		return nil, fmt.Errorf(…)
//	}
func (g *module) decodeEvent(f *file, a *ir.Aggregate) {
	var cases []jen.Code
	for _, e := range a.Events {
		read := snip.Codec("Event").Call(jen.Id("payload"), jen.Id(naming.Go(e.Name)).Values(g.defaults(e.Fields)...))
		cases = append(cases, jen.Case(jen.Lit(g.eventType(e))).Block(jen.Return(read)))
	}
	name := "Decode" + naming.Go(a.Name) + "Event"
	f.comment("%s makes an event of a recorded payload. Payloads of earlier versions are read as they are: what they lack keeps its default.", name)
	f.fn(jen.Func().Id(name).Params(jen.Id("typ").String(), jen.Id("_").Int(), jen.Id("payload").Index().Byte()).
		Params(snip.EventData(), jen.Error()).Block(
		jen.Switch(jen.Id("typ")).Block(cases...),
		jen.Return(jen.Nil(), snip.Errorf().Call(jen.Lit("decode event %s: "+a.Name+" has no such event; it was written by a newer version"), jen.Id("typ")))))
}

func (g *module) eventType(e *ir.Event) string { return g.Name + "." + e.Stored() }
