package check

import (
	"go/token"
	"slices"
	"strings"

	"github.com/oksai/oksai/codegen/diag"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

func upper(name string) string { return strings.ToUpper(naming.Snake(name)) }

// reservedModules are packages that generated code imports, and names of folders.
var reservedModules = strings.Fields(`api apps client command consume context cache db decimal event eventstore
	http httpx jx json money problem projection query reaction service server slices sql tenancy time timer uuid url`)

// reservedSQL are words that PostgreSQL or ClickHouse refuse as plain names.
var reservedSQL = strings.Fields(`all analyse analyze and any array as asc asymmetric both case cast check collate
	column constraint create current_date current_role current_time current_timestamp current_user default deferrable
	desc distinct do else end except false fetch for foreign from grant group having in initially intersect into
	lateral leading limit localtime localtimestamp not null offset on only or order placing primary references
	returning select session_user some symmetric table then to trailing true union unique user using variadic when
	where window with final prewhere sample settings format`)

// reservedNames: some names belong to the languages that the spec is turned
// into, or to what every event and every row has anyway.
//
//	good: columns: {position: int}
//	bad:  columns: {order: int, tenant_id: uuid}
func reservedNames(p *ir.Platform, diags *diag.List) {
	for _, m := range p.Modules {
		if token.IsKeyword(m.Name) || slices.Contains(reservedModules, m.Name) {
			diags.Errorf(m.Pos, "reserved-name", "a module cannot be called %q, a name that Go or the runtime uses", m.Name)
		}
		for _, set := range fieldSets(m) {
			reserved(diags, set.fields, "expressions use it", "in", "true", "false", "null")
		}
		methodNames(m, diags)
		for _, a := range m.Aggregates {
			for _, e := range a.Events {
				reserved(diags, e.Fields, "every event has it", "at", "tenant_id", "by", "id", "stream_id", "version", "type")
			}
		}
		for _, x := range m.External {
			reserved(diags, x.Fields, "every event has it", "at", "tenant_id", "by", "id", "stream_id", "version", "type")
		}
		for _, x := range m.Projections {
			reserved(diags, x.Columns, "every row has it", "tenant_id")
			reserved(diags, x.Columns, "SQL uses it", reservedSQL...)
			reserved(diags, x.Key, "SQL uses it", reservedSQL...)
			if slices.Contains(reservedSQL, x.Name) {
				diags.Errorf(x.Pos, "reserved-name", "a projection cannot be called %q: SQL uses it", x.Name)
			}
		}
	}
}

func reserved(diags *diag.List, fields []*ir.Field, why string, names ...string) {
	for _, f := range fields {
		if slices.Contains(names, f.Name) {
			diags.Errorf(f.Pos, "reserved-name", "a field cannot be called %q here: %s", f.Name, why).WithHint("say what it is, as in order_no or assigned_by")
		}
	}
}

// methodNames reserves the names that become methods in Go beside the fields.
func methodNames(m *ir.Module, diags *diag.List) {
	const why = "Go has a method of that name there"
	for _, t := range m.Types {
		reserved(diags, t.Fields, why, "normalize", "check", "equal", "encode", "decode")
		reserved(diags, t.Attributes, why, "valid", "rank", "string", "equal")
	}
	for _, x := range m.External {
		reserved(diags, x.Fields, why, "decode")
	}
	for _, o := range m.Operations {
		reserved(diags, o.Input, why, "normalize", "prepare", "log_value")
	}
	for _, a := range m.Aggregates {
		reserved(diags, a.State, why, "apply", "clone", "encode", "decode")
		for _, e := range a.Events {
			reserved(diags, e.Fields, why, "event_type", "schema_version", "published", "append_json", "encode", "decode")
		}
		for _, c := range a.Commands {
			reserved(diags, c.Input, why, "normalize", "validate", "decide")
			if c.Name == "Repository" {
				diags.Errorf(c.Pos, "reserved-name", "a command cannot be called Repository: %s", why)
			}
		}
	}
}
