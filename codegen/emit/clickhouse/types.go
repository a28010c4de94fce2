package clickhouse

import (
	"fmt"

	"github.com/oksai/oksai/codegen/ir"
)

// scalars are the column types of values that are neither enums nor composed.
// Durations are whole milliseconds, as millis() gives them; what ClickHouse need
// not look into (money, structs, JSON) is kept as JSON text.
var scalars = map[ir.Kind]string{
	ir.String:    "String",
	ir.Text:      "String",
	ir.Email:     "String",
	ir.URL:       "String",
	ir.Enum:      "String",
	ir.Bool:      "Bool",
	ir.Int:       "Int64",
	ir.Duration:  "Int64",
	ir.UUID:      "UUID",
	ir.Ref:       "UUID",
	ir.Timestamp: "DateTime64(6, 'UTC')",
	ir.Date:      "Date32",
	ir.Money:     "String",
	ir.Struct:    "String",
	ir.JSON:      "String",
}

// ColumnType is the type of a column's values, as a query parameter states it.
func ColumnType(t ir.Type) string {
	switch t.Kind {
	case ir.List, ir.Set:
		return "Array(" + ColumnType(*t.Elem) + ")"
	case ir.Map:
		return fmt.Sprintf("Map(%s, %s)", ColumnType(*t.Key), ColumnType(*t.Elem))
	}
	name := scalars[t.Kind]
	if t.Kind == ir.Decimal {
		name = fmt.Sprintf("Decimal(%d, %d)", t.Precision, t.Scale)
	}
	if t.Optional {
		return "Nullable(" + name + ")"
	}
	return name
}

// storedType is the type a column is declared with: enums have few values, so
// they are stored as references into a dictionary.
func storedType(t ir.Type) string {
	if t.Kind == ir.Enum {
		return "LowCardinality(" + ColumnType(t) + ")"
	}
	return ColumnType(t)
}
