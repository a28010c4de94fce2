package clickhouse_test

import (
	"strings"
	"testing"

	"github.com/oksai/oksai/codegen/emit/clickhouse"
	"github.com/oksai/oksai/codegen/emit/fixture"
	"github.com/oksai/oksai/codegen/ir"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	paid := &ir.Expr{Op: ir.Eq, Args: []*ir.Expr{fixture.Row("state"), fixture.Text("it's paid")}}
	both := &ir.Expr{Op: ir.And, Args: []*ir.Expr{paid, {Op: ir.Has, Args: []*ir.Expr{fixture.Row("cents")}}}}
	integer := ir.Type{Kind: ir.Int}
	for name, c := range map[string]struct {
		measure ir.Measure
		want    string
	}{
		"count":    {ir.Measure{Fn: "count", Type: integer}, "toInt64(count())"},
		"count if": {ir.Measure{Fn: "count", If: paid, Type: integer}, `toInt64(countIf(state = 'it\'s paid'))`},
		"sum":      {ir.Measure{Fn: "sum", Of: fixture.Row("cents"), Type: integer}, "toInt64(ifNull(sum(cents), 0))"},
		"avg if": {
			ir.Measure{Fn: "avg", Of: fixture.Row("cents"), If: both, Type: integer},
			`toInt64(round(avgOrNullIf(cents, (state = 'it\'s paid') AND isNotNull(cents)), 0))`,
		},
		"max": {ir.Measure{Fn: "max", Of: fixture.Row("placed_at"), Type: ir.Type{Kind: ir.Timestamp}}, "maxOrNull(placed_at)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := clickhouse.Measure(&c.measure)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestMeasureWithoutSQL(t *testing.T) {
	t.Parallel()
	unknown := &ir.Expr{Op: ir.Call, Fn: "rank", Args: []*ir.Expr{fixture.Row("state")}}
	_, err := clickhouse.Measure(&ir.Measure{Fn: "max", Of: unknown})
	if err == nil || !strings.Contains(err.Error(), "no SQL for") {
		t.Errorf("got %v, want what cannot be printed", err)
	}
}
