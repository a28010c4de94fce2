// Package money holds amounts of money without floating point.
package money

import (
	"fmt"
	"regexp"

	"github.com/go-faster/jx"

	"github.com/oksai/oksai/handwritten/runtime/codec"
)

// Money is an amount in the minor units of a currency, e.g. cents.
type Money struct {
	Amount   int64
	Currency string // ISO 4217, e.g. "EUR"
}

var currency = regexp.MustCompile("^[A-Z]{3}$")

// Valid reports whether the currency has the form of an ISO 4217 code.
func (m Money) Valid() bool { return currency.MatchString(m.Currency) }

// Add returns m + o. Both must be of one currency, unless one of them is the
// zero Money, which is nothing in any; Add panics otherwise.
func (m Money) Add(o Money) Money {
	return Money{Amount: m.Amount + o.Amount, Currency: common(m, o)}
}

// Sub returns m - o, under the same condition as Add.
func (m Money) Sub(o Money) Money {
	return Money{Amount: m.Amount - o.Amount, Currency: common(m, o)}
}

// Mul returns n times m.
func (m Money) Mul(n int64) Money { return Money{Amount: m.Amount * n, Currency: m.Currency} }

// Div returns the nth part of m, cut towards zero.
func (m Money) Div(n int64) Money { return Money{Amount: m.Amount / n, Currency: m.Currency} }

func common(m, o Money) string {
	switch {
	case m == Money{}:
		return o.Currency
	case o == Money{} || m.Currency == o.Currency:
		return m.Currency
	}
	panic(fmt.Sprintf("money: %s and %s cannot be added up: convert one first", m.Currency, o.Currency))
}

// Encode writes m as {"amount":…,"currency":…}.
func (m Money) Encode(e *jx.Encoder) {
	e.ObjStart()
	e.FieldStart("amount")
	e.Int64(m.Amount)
	e.FieldStart("currency")
	e.Str(m.Currency)
	e.ObjEnd()
}

// Decode reads what Encode wrote.
func (m *Money) Decode(d *jx.Decoder) error {
	return codec.Object(d, func(key []byte) (err error) {
		switch string(key) {
		case "amount":
			m.Amount, err = d.Int64()
		case "currency":
			m.Currency, err = d.Str()
		default:
			err = d.Skip()
		}
		return err
	})
}
