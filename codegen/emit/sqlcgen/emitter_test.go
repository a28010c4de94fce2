package sqlcgen_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oksai/oksai/codegen/emit/sqlcgen"
	"github.com/oksai/oksai/codegen/ir"
)

func field(name string, kind ir.Kind) *ir.Field {
	return &ir.Field{Name: name, Type: ir.Type{Kind: kind}}
}

func optional(name string, kind ir.Kind) *ir.Field {
	return &ir.Field{Name: name, Type: ir.Type{Kind: kind, Optional: true}}
}

// platform has one table that is unique across tenants, and one within each.
func platform() *ir.Platform {
	return &ir.Platform{Modules: []*ir.Module{{
		Name: "shop",
		File: "spec/shop.yaml",
		Projections: []*ir.Projection{
			{
				Module: "shop", Name: "shop_by_slug", Store: ir.Postgres, Inline: true, Platform: true,
				Key: []*ir.Field{field("tenant_id", ir.UUID)}, Columns: []*ir.Field{field("slug", ir.String)},
				Unique: [][]string{{"slug"}},
			},
			{
				Module: "shop", Name: "orders", Store: ir.Postgres,
				Key: []*ir.Field{field("order_id", ir.UUID)},
				Columns: []*ir.Field{
					field("number", ir.Int), optional("paid_at", ir.Timestamp), optional("buyer_id", ir.UUID),
					{Name: "tags", Type: ir.Type{Kind: ir.Set, Elem: &ir.Type{Kind: ir.String}}},
					field("address", ir.Struct), optional("note", ir.String), field("due", ir.Date),
				},
				Unique: [][]string{{"number"}},
			},
		},
	}}}
}

func TestEmit(t *testing.T) {
	t.Parallel()
	files, err := sqlcgen.New().Emit(platform())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		golden := filepath.Join("testdata", filepath.Base(name)+".golden")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(golden, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatalf("%s: %v (UPDATE_GOLDEN=1 writes it)", name, err)
		}
		if diff := cmp.Diff(string(want), string(content)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
