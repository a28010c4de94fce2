// Package money holds amounts of money without floating point.
package money

import (
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
