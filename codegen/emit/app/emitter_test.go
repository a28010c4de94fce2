package app_test

import (
	"testing"

	"github.com/oksai/oksai/codegen/emit/app"
	"github.com/oksai/oksai/codegen/emit/fixture"
	"github.com/oksai/oksai/codegen/ir"
)

func TestEmit(t *testing.T) {
	t.Parallel()
	p := fixture.Platform()
	bank := &ir.Module{
		Name: "bank", File: "spec/bank.yaml", Topic: "bank-events", Secrets: []*ir.Secret{{Name: "BANK_KEY"}},
		Operations: []*ir.Operation{{Name: "TakePayment", Public: true, Raw: true, HTTP: ir.Route{Method: "POST", Path: "/payments"}}},
	}
	p.Modules, p.Apps[0].Modules = append(p.Modules, bank), append(p.Apps[0].Modules, bank)
	files, err := app.New().Emit(p)
	if err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, files)
}
