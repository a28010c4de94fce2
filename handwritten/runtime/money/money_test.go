package money_test

import (
	"testing"

	"github.com/go-faster/jx"

	"github.com/oksai/oksai/handwritten/runtime/codec"
	"github.com/oksai/oksai/handwritten/runtime/money"
)

func TestArithmetic(t *testing.T) {
	t.Parallel()
	ten, three := money.Money{Amount: 10, Currency: "EUR"}, money.Money{Amount: 3, Currency: "EUR"}
	for got, want := range map[money.Money]int64{ten.Add(three): 13, ten.Sub(three): 7, ten.Mul(3): 30, ten.Div(3): 3, ten.Add(money.Money{}): 10, money.Money{}.Sub(ten): -10} {
		if got != (money.Money{Amount: want, Currency: "EUR"}) {
			t.Errorf("got %+v, want %d EUR", got, want)
		}
	}
}

func TestCurrenciesDoNotMix(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a euro and a dollar were added up")
		}
	}()
	money.Money{Amount: 1, Currency: "EUR"}.Add(money.Money{Amount: 1, Currency: "USD"})
}

func TestValid(t *testing.T) {
	t.Parallel()
	for currency, want := range map[string]bool{"EUR": true, "": false, "eur": false, "EURO": false, "EUR\n": false} {
		if got := (money.Money{Currency: currency}).Valid(); got != want {
			t.Errorf("currency %q: valid is %t, want %t", currency, got, want)
		}
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	want := money.Money{Amount: -1234, Currency: "JPY"}
	var got money.Money
	if err := codec.Read(codec.Append(nil, want), &got); err != nil || got != want {
		t.Errorf("read back %+v (%v), want %+v", got, err, want)
	}
	if err := got.Decode(jx.DecodeStr(`{"amount":"1"}`)); err == nil {
		t.Error("an amount that is a text was read")
	}
}
