package projection

import (
	"cmp"
	"slices"
	"time"
)

// Day is the calendar day of t as the midnight that starts it, in UTC.
func Day(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Micro is t in UTC with the precision that both databases keep.
func Micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Append returns list with the values at its end, in an array of its own.
func Append[T any](list []T, values ...T) []T {
	return append(slices.Clip(list), values...)
}

// Add returns list with those of the values that it does not hold yet.
func Add[T comparable](list []T, values ...T) []T {
	for _, v := range values {
		if !slices.Contains(list, v) {
			list = Append(list, v)
		}
	}
	return list
}

// Remove returns list without the values, in an array of its own.
func Remove[T comparable](list []T, values ...T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return slices.Contains(values, v) })
}

// Min is the smaller of what a column holds, if anything, and v.
func Min[T cmp.Ordered](current *T, v T) *T {
	if current != nil && *current <= v {
		return current
	}
	return &v
}

// Max is the greater of what a column holds, if anything, and v.
func Max[T cmp.Ordered](current *T, v T) *T {
	if current != nil && *current >= v {
		return current
	}
	return &v
}

// Earliest is the earlier of what a column holds, if anything, and t.
func Earliest(current *time.Time, t time.Time) *time.Time {
	if current != nil && !t.Before(*current) {
		return current
	}
	return &t
}

// Latest is the later of what a column holds, if anything, and t.
func Latest(current *time.Time, t time.Time) *time.Time {
	if current != nil && !t.After(*current) {
		return current
	}
	return &t
}
