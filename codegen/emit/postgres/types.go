package postgres

import (
	"fmt"

	"github.com/oksai/oksai/codegen/ir"
)

// column is a PostgreSQL type with the value of a row that nothing has set yet.
type column struct{ name, zero string }

var scalars = map[ir.Kind]column{
	ir.String:    {"text", "''"},
	ir.Text:      {"text", "''"},
	ir.Email:     {"text", "''"},
	ir.URL:       {"text", "''"},
	ir.Enum:      {"text", "''"}, // an enum type could never lose a value
	ir.Bool:      {"boolean", "false"},
	ir.Int:       {"bigint", "0"},
	ir.Duration:  {"bigint", "0"}, // milliseconds
	ir.UUID:      {"uuid", "'00000000-0000-0000-0000-000000000000'"},
	ir.Ref:       {"uuid", "'00000000-0000-0000-0000-000000000000'"},
	ir.Timestamp: {"timestamptz", "'epoch'"},
	ir.Date:      {"date", "'epoch'"},
	ir.Decimal:   {"numeric", "0"},
	ir.Money:     {"jsonb", "'{}'"},
	ir.Struct:    {"jsonb", "'{}'"},
	ir.Map:       {"jsonb", "'{}'"},
	ir.JSON:      {"jsonb", "'null'"},
}

// ColumnType is the type of a projection's column.
func ColumnType(t ir.Type) string {
	switch t.Kind {
	case ir.List, ir.Set:
		return ColumnType(*t.Elem) + "[]"
	case ir.Decimal:
		return fmt.Sprintf("numeric(%d, %d)", t.Precision, t.Scale)
	}
	return scalars[t.Kind].name
}

// ParamType is the type of what is compared with a column, in Nullable(…) where
// the column may be NULL.
func ParamType(t ir.Type) string {
	name := ColumnType(t)
	if t.Kind == ir.Decimal {
		name = "numeric" // what is looked for is not rounded
	}
	if t.Optional {
		return "Nullable(" + name + ")"
	}
	return name
}

func zero(t ir.Type) string {
	if t.Kind == ir.List || t.Kind == ir.Set {
		return "'{}'"
	}
	return scalars[t.Kind].zero
}
