package sqlcgen

import (
	"encoding/json"

	"github.com/oksai/oksai/codegen/emit/postgres"
	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

type config struct {
	Version string `json:"version"`
	SQL     []set  `json:"sql"`
}

type set struct {
	Engine  string    `json:"engine"`
	Schema  string    `json:"schema"`
	Queries string    `json:"queries"`
	Gen     targetSet `json:"gen"`
}

type targetSet struct {
	Go target `json:"go"`
}

type target struct {
	Package                  string            `json:"package"`
	Out                      string            `json:"out"`
	SQLPackage               string            `json:"sql_package"`
	EmitPointersForNullTypes bool              `json:"emit_pointers_for_null_types"`
	EmitExactTableNames      bool              `json:"emit_exact_table_names"`
	QueryParameterLimit      int               `json:"query_parameter_limit"`
	Rename                   map[string]string `json:"rename"`
	Overrides                []override        `json:"overrides"`
}

type override struct {
	DBType   string `json:"db_type"`
	Nullable bool   `json:"nullable,omitempty"`
	GoType   goType `json:"go_type"`
}

type goType struct {
	Import  string `json:"import,omitempty"`
	Type    string `json:"type"`
	Pointer bool   `json:"pointer,omitempty"`
}

// goTypes are what columns become in Go: the types that the domain has, not the driver's.
var goTypes = []struct {
	db string
	goType
}{
	{"uuid", goType{Import: "github.com/google/uuid", Type: "UUID"}},
	{"timestamptz", goType{Import: "time", Type: "Time"}},
	{"date", goType{Import: "time", Type: "Time"}},
	{"pg_catalog.numeric", goType{Import: "github.com/shopspring/decimal", Type: "Decimal"}},
	{"jsonb", goType{Type: "string"}},
}

// configuration is sqlc.yaml (JSON is YAML).
func configuration(m *ir.Module) ([]byte, error) {
	t := target{
		Package: "db", Out: outFolder, SQLPackage: "pgx/v5",
		EmitPointersForNullTypes: true, EmitExactTableNames: true,
		QueryParameterLimit: 0, // a struct says what each argument is
		Rename:              names(m),
	}
	for _, g := range goTypes {
		nullable := g.goType
		nullable.Pointer = true
		t.Overrides = append(t.Overrides, override{DBType: g.db, GoType: g.goType}, override{DBType: g.db, Nullable: true, GoType: nullable})
	}
	return json.Marshal(config{Version: "2", SQL: []set{{Engine: "postgresql", Schema: schemaFile, Queries: queriesFile(m), Gen: targetSet{Go: t}}}})
}

// names keeps sqlc's Go names equal to those of the rest of the generated code.
func names(m *ir.Module) map[string]string {
	out := map[string]string{}
	for _, p := range postgres.Tables(m) {
		out[m.Name+"_"+p.Name] = naming.Go(p.Name)
		for _, column := range columns(p) {
			out[column] = naming.Go(column)
		}
	}
	return out
}
