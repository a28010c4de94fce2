package ogen_test

import (
	"strings"
	"testing"

	"github.com/oksai/oksai/codegen/emit/fixture"
	"github.com/oksai/oksai/codegen/emit/ogen"
)

// The glue of package server is written against these names; ogen chooses them.
func TestEmit(t *testing.T) {
	t.Parallel()
	files, err := ogen.New().Emit(fixture.Platform())
	if err != nil {
		t.Fatal(err)
	}
	handler := string(files["gen/shop/api/oas_server_gen.go"])
	for _, method := range []string{
		"PlaceOrder(ctx context.Context, req *PlaceOrderInput, params PlaceOrderParams) (*OrderCreatedHeaders, error)",
		"PayOrder(ctx context.Context, params PayOrderParams) (*OrderChangedHeaders, error)",
		"GetOrder(ctx context.Context, params GetOrderParams) (GetOrderRes, error)",
		"OrderAt(ctx context.Context, params OrderAtParams) (*OrderFoundHeaders, error)",
		"OrderHistory(ctx context.Context, params OrderHistoryParams) (*OrderHistoryPage, error)",
		"ListOrders(ctx context.Context, params ListOrdersParams) (*ListOrdersPage, error)",
		"OrderTotals(ctx context.Context, params OrderTotalsParams) (*OrderTotalsResult, error)",
		"NewError(ctx context.Context, err error) *ProblemStatusCode",
	} {
		if !strings.Contains(handler, method) {
			t.Errorf("api.Handler has no %s", method)
		}
	}
	if strings.Contains(handler, "ExpireOrder") {
		t.Error("ExpireOrder is for no role, so it must not be in the API")
	}
	if files["gen/shop/client/oas_client_gen.go"] == nil {
		t.Error("there is no client")
	}
	if files["gen/shop/client/oas_server_gen.go"] != nil {
		t.Error("the client's package has a server")
	}
}

// What callers may send is checked by the domain, which trims first.
func TestLimitsAreLeftToTheDomain(t *testing.T) {
	t.Parallel()
	files, err := ogen.New().Emit(fixture.Platform())
	if err != nil {
		t.Fatal(err)
	}
	validators := string(files["gen/shop/api/oas_validators_gen.go"])
	if strings.Contains(validators, "PlaceOrderInput) Validate") {
		t.Error("ogen checks the limits of PlaceOrderInput before they are trimmed")
	}
}

func TestTimesKeepMicroseconds(t *testing.T) {
	t.Parallel()
	files, err := ogen.New().Emit(fixture.Platform())
	if err != nil {
		t.Fatal(err)
	}
	if encoding := string(files["gen/shop/api/oas_json_gen.go"]); !strings.Contains(encoding, "json.EncodeTimeFormat(e, s.PlacedAt, \"2006-01-02T15:04:05.999999Z07:00\")") {
		t.Error("placed_at is not written with microseconds")
	}
}
