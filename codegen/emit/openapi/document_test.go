package openapi_test

import (
	"slices"
	"testing"

	"github.com/ogen-go/ogen"

	"github.com/oksai/oksai/codegen/emit/fixture"
	"github.com/oksai/oksai/codegen/emit/openapi"
	"github.com/oksai/oksai/codegen/ir"
)

func TestDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	content, err := openapi.Module(fixture.Shop()).JSON()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := ogen.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	if spec.Paths["/orders/{id}/pay"].Post.OperationID != "payOrder" {
		t.Error("POST /orders/{id}/pay is not payOrder")
	}
}

// Two modules may use one name for different things.
func TestAppKeepsModulesApart(t *testing.T) {
	t.Parallel()
	shop, other := fixture.Shop(), fixture.Shop()
	other.Name = "other"
	for _, c := range other.Aggregates[0].Commands {
		c.HTTP.Path = "/other" + c.HTTP.Path
	}
	for _, q := range other.Queries {
		q.HTTP.Path = "/other" + q.HTTP.Path
	}
	d := openapi.App(&ir.App{Name: "both", Modules: []*ir.Module{shop, other}})
	for _, name := range []string{"Order", "OtherOrder", "Problem"} {
		if d.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
	if d.Components.Schemas["OtherProblem"] != nil {
		t.Error("problems are the same everywhere")
	}
	page := d.Components.Schemas["OtherListOrdersPage"].Properties[0].Schema
	if page.Items.Ref != "#/components/schemas/OtherOrderFactsRow" {
		t.Errorf("the page of module other has items %s", page.Items.Ref)
	}
	if id := d.Paths["/other/orders/{id}/pay"]["post"].OperationID; id != "otherPayOrder" {
		t.Errorf("the operation of module other is %s", id)
	}
	answer := d.Paths["/other/orders/{id}/pay"]["post"].Responses["200"].Ref
	if answer != "#/components/responses/OtherOrderChanged" {
		t.Errorf("the answer of module other is %s", answer)
	}
}

// TestOperatorsNameTheTenant where they may work on a tenant's data, and nowhere else.
func TestOperatorsNameTheTenant(t *testing.T) {
	t.Parallel()
	shop := fixture.Shop()
	order := shop.Aggregates[0]
	order.Commands[0].Allow = append(order.Commands[0].Allow, "PlatformAdmin")
	names := func(c *ir.Command) bool {
		op := openapi.Module(shop).Paths[c.HTTP.Path]["post"]
		return slices.ContainsFunc(op.Parameters, func(p *openapi.Parameter) bool { return p.Name == "X-Tenant-ID" && p.In == "header" })
	}
	if !names(order.Commands[0]) || names(order.Commands[1]) {
		t.Error("X-Tenant-ID is a parameter of what PlatformAdmin may not do, or not of what it may")
	}
	order.Scope = ir.ScopeSelf
	if names(order.Commands[0]) {
		t.Error("X-Tenant-ID is a parameter of what is in no tenant")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	shop := fixture.Shop()
	i := slices.IndexFunc(shop.Queries, func(q *ir.Query) bool { return q.Name == "ListOrders" })
	var params []string
	for _, f := range openapi.Filters(shop.Queries[i]) {
		params = append(params, f.Param)
	}
	want := []string{"state", "state_in", "placed_at_gte", "placed_at_gt", "placed_at_lte", "placed_at_lt", "labels_any", "search"}
	if !slices.Equal(params, want) {
		t.Errorf("parameters %v, want %v", params, want)
	}
}

func TestRefusalsOfCommandsAreListed(t *testing.T) {
	t.Parallel()
	shop := fixture.Shop()
	order := shop.Aggregates[0]
	notYours, tooMany := ir.Refusal{Code: "NOT_YOURS", Status: 403, Message: "not yours"}, ir.Refusal{Code: "TOO_MANY", Status: 422, Message: "too many"}
	order.Command("PayOrder").Require = []*ir.Requirement{{Refusal: notYours}}
	order.Limits = []*ir.Limit{{Refusal: tooMany}}
	got := openapi.Module(shop).Paths["/orders/{id}/pay"]["post"].Errors
	if want := []openapi.Refusal{openapi.Refusal(notYours), openapi.Refusal(tooMany)}; !slices.Equal(got, want) {
		t.Errorf("the refusals are %v, want %v", got, want)
	}
}
