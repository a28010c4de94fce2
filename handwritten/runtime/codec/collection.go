package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/go-faster/jx"
)

// EncodeMap writes a map with its keys sorted: the same value is always the same text.
func EncodeMap[K ~string, V any](e *jx.Encoder, m map[K]V, value func(*jx.Encoder, V)) {
	e.ObjStart()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		e.FieldStart(string(k))
		value(e, m[k])
	}
	e.ObjEnd()
}

// DecodeMap reads a map; it is never nil without an error.
func DecodeMap[K ~string, V any](d *jx.Decoder, value func(*jx.Decoder) (V, error)) (map[K]V, error) {
	m := map[K]V{}
	err := d.Obj(func(d *jx.Decoder, key string) error {
		v, err := value(d)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		m[K(key)] = v
		return nil
	})
	return m, err
}

// HasKey reports whether m has the key k.
func HasKey[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// Union returns the values of the lists, each once, where it was seen first.
// The result has an array of its own.
func Union[T comparable](lists ...[]T) []T {
	union := []T{}
	for _, list := range lists {
		for _, v := range list {
			if !slices.Contains(union, v) {
				union = append(union, v)
			}
		}
	}
	return union
}

// SameSet reports whether a and b hold the same values, in whatever order.
// Neither holds a value twice.
func SameSet[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(v T) bool { return !slices.Contains(b, v) })
}

// Same reports whether two optional values are both absent, or both there and equal.
func Same[T any](a, b *T, equal func(a, b T) bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return equal(*a, *b)
}

// Equal is == as a function.
func Equal[T comparable](a, b T) bool { return a == b }

// Strings returns the values of an enum as the texts they are.
func Strings[T ~string](list []T) []string { return convert[T, string](list) }

// Texts returns texts as values of an enum.
func Texts[T ~string](list []string) []T { return convert[string, T](list) }

func convert[From, To ~string](list []From) []To {
	out := make([]To, len(list))
	for i, v := range list {
		out[i] = To(v)
	}
	return out
}

// SameJSON reports whether a and b are the same text.
func SameJSON(a, b json.RawMessage) bool { return bytes.Equal(a, b) }

// Each returns what convert makes of each item.
func Each[From, To any](list []From, convert func(From) To) []To {
	out := make([]To, len(list))
	for i, v := range list {
		out[i] = convert(v)
	}
	return out
}

// EachValue returns a map with the same keys, as texts, and what convert makes of each value.
func EachValue[K ~string, From, To any](m map[K]From, convert func(From) To) map[string]To {
	out := make(map[string]To, len(m))
	for k, v := range m {
		out[string(k)] = convert(v)
	}
	return out
}

// Keyed returns a map with the same keys, of their own type, and what convert makes of each value.
func Keyed[K ~string, From, To any](m map[string]From, convert func(From) To) map[K]To {
	out := make(map[K]To, len(m))
	for k, v := range m {
		out[K(k)] = convert(v)
	}
	return out
}

// Convert returns what convert makes of an optional value, nil if it is absent.
func Convert[From, To any](v *From, convert func(From) To) *To {
	if v == nil {
		return nil
	}
	return new(convert(*v))
}

// Value is an optional value, or the zero value if it is absent.
func Value[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
