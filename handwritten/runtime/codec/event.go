package codec

import (
	"fmt"

	"github.com/go-faster/jx"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

// Event reads a payload into v, which brings the defaults of what the payload lacks.
func Event[T event.Data, P interface {
	*T
	Decode(d *jx.Decoder) error
}](payload []byte, v T) (event.Data, error) {
	if err := Read(payload, P(&v)); err != nil {
		return nil, fmt.Errorf("decode event %s: %w", v.EventType(), err)
	}
	return v, nil
}

// Read reads one JSON value into v.
func Read(payload []byte, v interface{ Decode(d *jx.Decoder) error }) error {
	d := jx.GetDecoder()
	defer jx.PutDecoder(d)
	d.ResetBytes(payload)
	return v.Decode(d)
}
