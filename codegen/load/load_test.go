package load_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/oksai/oksai/codegen/load"
)

func TestDump(t *testing.T) {
	p, diags := load.Dir("../../spec")
	for _, d := range diags {
		t.Logf("%s: %s: %s [%s] %s", d.Pos, d.Severity, d.Message, d.Code, d.Hint)
	}
	b, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/engc/ir.json", b, 0o644)
}
