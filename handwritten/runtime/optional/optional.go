// Package optional goes between values that may be absent, as the API has them,
// and those whose zero says so, as Go code likes them.
package optional

// Value is what v points to, or the zero of T where it is absent.
func Value[T any](v *T) (value T) {
	if v != nil {
		value = *v
	}
	return value
}

// Known is absent where v is the zero of T.
func Known[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
