package codec

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-faster/jx"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

const (
	timeForm = "2006-01-02T15:04:05.000000Z"
	dateForm = time.DateOnly
)

// EncodeText writes a string or an enum's value.
func EncodeText[T ~string](e *jx.Encoder, v T) { e.Str(string(v)) }

// DecodeText reads a string or an enum's value. A value the enum does not have
// is kept: a newer version may have written it.
func DecodeText[T ~string](d *jx.Decoder) (T, error) {
	v, err := d.Str()
	return T(v), err
}

// EncodeBool writes true or false.
func EncodeBool(e *jx.Encoder, v bool) { e.Bool(v) }

// EncodeInt writes a whole number.
func EncodeInt(e *jx.Encoder, v int64) { e.Int64(v) }

// EncodeUUID writes an id in its usual form.
func EncodeUUID(e *jx.Encoder, v uuid.UUID) { e.Str(v.String()) }

// DecodeUUID reads an id.
func DecodeUUID(d *jx.Decoder) (uuid.UUID, error) { return parsed(d, uuid.ParseBytes) }

// EncodeTime writes a time in UTC with microseconds, which is what the databases keep.
func EncodeTime(e *jx.Encoder, t time.Time) {
	var b [len(timeForm)]byte
	e.ByteStr(t.UTC().AppendFormat(b[:0], timeForm))
}

// DecodeTime reads an RFC 3339 time.
func DecodeTime(d *jx.Decoder) (time.Time, error) {
	return parsed(d, func(b []byte) (time.Time, error) {
		t, err := time.Parse(time.RFC3339Nano, string(b))
		return t.UTC(), err
	})
}

// EncodeDate writes the day of t.
func EncodeDate(e *jx.Encoder, t time.Time) { e.Str(t.Format(dateForm)) }

// DecodeDate reads a day, as the midnight in UTC that starts it.
func DecodeDate(d *jx.Decoder) (time.Time, error) {
	return parsed(d, func(b []byte) (time.Time, error) { return time.Parse(dateForm, string(b)) })
}

// EncodeDuration writes a duration as Go does, e.g. "1h30m0s".
func EncodeDuration(e *jx.Encoder, v time.Duration) { e.Str(v.String()) }

// DecodeDuration reads a duration that EncodeDuration wrote.
func DecodeDuration(d *jx.Decoder) (time.Duration, error) {
	return parsed(d, func(b []byte) (time.Duration, error) { return time.ParseDuration(string(b)) })
}

// EncodeDecimal writes an exact number as text, because JSON numbers are read as floats.
func EncodeDecimal(e *jx.Encoder, v decimal.Decimal) { e.Str(v.String()) }

// DecodeDecimal reads an exact number.
func DecodeDecimal(d *jx.Decoder) (decimal.Decimal, error) {
	return parsed(d, func(b []byte) (decimal.Decimal, error) { return decimal.NewFromString(string(b)) })
}

// EncodeJSON writes a JSON value as it is, null if it is empty.
func EncodeJSON(e *jx.Encoder, v json.RawMessage) {
	if len(v) == 0 {
		e.Null()
		return
	}
	e.Raw(v)
}

// DecodeJSON reads any JSON value.
func DecodeJSON(d *jx.Decoder) (json.RawMessage, error) {
	raw, err := d.RawAppend(nil)
	return json.RawMessage(raw), err
}

func parsed[T any](d *jx.Decoder, parse func([]byte) (T, error)) (T, error) {
	var none T
	b, err := d.StrBytes()
	if err != nil {
		return none, err
	}
	v, err := parse(b)
	if err != nil {
		return none, fmt.Errorf("parse %.60q: %w", b, err)
	}
	return v, nil
}

// Day is the day of t in UTC, as the midnight that starts it.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Earlier is the earlier of two times.
func Earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Later is the later of two times.
func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Micro is t in UTC with the microseconds that the databases keep.
func Micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// MinDecimal is the smaller of what a column holds, if anything, and v.
func MinDecimal(current *decimal.Decimal, v decimal.Decimal) *decimal.Decimal {
	if current != nil && current.LessThanOrEqual(v) {
		return current
	}
	return &v
}

// MaxDecimal is the greater of what a column holds, if anything, and v.
func MaxDecimal(current *decimal.Decimal, v decimal.Decimal) *decimal.Decimal {
	if current != nil && current.GreaterThanOrEqual(v) {
		return current
	}
	return &v
}
