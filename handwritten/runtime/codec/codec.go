// Package codec holds what generated JSON codecs share: the forms in which
// values are stored, and how objects and lists of them are read.
//
// Stored JSON outlives the code that wrote it. Keys that a reader does not know
// are skipped, so that an old process reads what a newer one wrote; an absent
// optional is left out; a list is never null.
package codec

import (
	"fmt"

	"github.com/go-faster/jx"
)

// Encoder is a value that writes itself as one JSON value.
type Encoder interface{ Encode(e *jx.Encoder) }

// Append appends v's JSON to dst.
func Append[T Encoder](dst []byte, v T) []byte {
	e := jx.GetEncoder()
	defer jx.PutEncoder(e)
	v.Encode(e)
	return append(dst, e.Bytes()...)
}

// Object reads an object, handing each key to field, which must read or skip
// the key's value. An error names the key it came under.
func Object(d *jx.Decoder, field func(key []byte) error) error {
	return d.ObjBytes(func(_ *jx.Decoder, key []byte) error {
		if err := field(key); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
}

// EncodeList writes a list, empty if it is nil.
func EncodeList[T any](e *jx.Encoder, list []T, item func(*jx.Encoder, T)) {
	e.ArrStart()
	for _, v := range list {
		item(e, v)
	}
	e.ArrEnd()
}

// DecodeList reads a list; it is never nil without an error.
func DecodeList[T any](d *jx.Decoder, item func(*jx.Decoder) (T, error)) ([]T, error) {
	list := []T{}
	err := d.Arr(func(d *jx.Decoder) error {
		v, err := item(d)
		if err != nil {
			return fmt.Errorf("%d: %w", len(list), err)
		}
		list = append(list, v)
		return nil
	})
	return list, err
}

// DecodeOptional reads a value that may be null.
func DecodeOptional[T any](d *jx.Decoder, value func(*jx.Decoder) (T, error)) (*T, error) {
	if d.Next() == jx.Null {
		return nil, d.Null()
	}
	v, err := value(d)
	return &v, err
}

// DecodeStruct reads a value that decodes itself; T is given by the caller.
func DecodeStruct[T any, P interface {
	*T
	Decode(d *jx.Decoder) error
}](d *jx.Decoder) (T, error) {
	var v T
	err := P(&v).Decode(d)
	return v, err
}

// EncodeStruct writes a value that encodes itself.
func EncodeStruct[T Encoder](e *jx.Encoder, v T) { v.Encode(e) }
