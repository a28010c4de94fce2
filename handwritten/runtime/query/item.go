package query

import (
	"strings"

	"github.com/google/uuid"
)

// item is a row with its tenant, which is part of the row's place in a list
// that spans tenants.
type item[R any] struct {
	tenant uuid.UUID
	row    R
}

type items[R any] []item[R]

func (list items[R]) rows() []R {
	rows := make([]R, len(list))
	for i := range list {
		rows[i] = list[i].row
	}
	return rows
}

// position gives the row's values by column.
func (i *item[R]) position(t Table, values func(*R) []any) map[string]any {
	position := map[string]any{"tenant_id": i.tenant}
	for n, v := range values(&i.row) {
		position[t.Columns[n].Name] = v
	}
	return position
}

func upper(s string) string { return strings.ToUpper(s) }
