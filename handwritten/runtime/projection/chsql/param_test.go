package chsql_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
)

type status string

func TestText(t *testing.T) {
	at := time.Date(2026, 3, 1, 23, 30, 0, 123456789, time.FixedZone("east", 3600))
	five, none := int64(5), (*int64)(nil)
	id := uuid.UUID{1}
	for _, test := range []struct {
		typ   string
		value any
		want  string // "NULL" for none
	}{
		{"String", status(`it's \ "x"`), `it's \ "x"`},
		{"Array(String)", []status{`it's \`, ""}, `['it\'s \\','']`},
		{"Array(Nullable(Int64))", []*int64{&five, none}, `[5,NULL]`},
		{"Nullable(Int64)", &five, "5"},
		{"Nullable(Int64)", none, "NULL"},
		{"Nullable(Int64)", nil, "NULL"},
		{"DateTime64(6, 'UTC')", at, "2026-03-01 22:30:00.123456"},
		{"Array(DateTime64(6, 'UTC'))", []time.Time{at}, "['2026-03-01 22:30:00.123456']"},
		{"Date32", at, "2026-03-01"},
		{"UUID", id, id.String()},
		{"Array(UUID)", []any{id}, "['" + id.String() + "']"},
		{"UInt128", new(big.Int).Lsh(big.NewInt(1), 100), "1267650600228229401496703205376"},
		{"Array(UInt128)", []*big.Int{big.NewInt(7)}, "[7]"},
		{"Bool", true, "true"},
		{"Float64", 0.1, "0.1"},
		{"LowCardinality(Nullable(String))", "x", "x"},
	} {
		text, isValue, err := chsql.Text(test.typ, test.value)
		if err != nil || isValue != (test.want != "NULL") || isValue && text != test.want {
			t.Errorf("Text(%s, %v) = %q, %v, %v; want %q", test.typ, test.value, text, isValue, err, test.want)
		}
	}
}

func TestTextRefusesWhatHasNoForm(t *testing.T) {
	for typ, value := range map[string]any{"Array(String)": "no list", "String": struct{}{}, "Int64": map[string]int{}} {
		if text, _, err := chsql.Text(typ, value); err == nil {
			t.Errorf("Text(%s, %#v) = %q, want an error", typ, value, text)
		}
	}
}
