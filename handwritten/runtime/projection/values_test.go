package projection_test

import (
	"slices"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/projection"
)

// TestListHelpersLeaveTheirArgumentAlone: the fold keeps the row before the
// event, and both share the list's array.
func TestListHelpersLeaveTheirArgumentAlone(t *testing.T) {
	list := make([]string, 3, 10)
	copy(list, []string{"a", "b", "c"})
	same(t, "Append", []string{"a", "b", "c", "a"}, projection.Append(list, "a"))
	same(t, "Add", []string{"a", "b", "c", "d"}, projection.Add(list, "a", "d", "d"))
	same(t, "Remove", []string{"b"}, projection.Remove(list, "a", "c", "x"))
	same(t, "the list itself", []string{"a", "b", "c", "", ""}, slices.Clone(list[:5]))
}

func TestMinAndMaxOfNothing(t *testing.T) {
	three, five := int64(3), int64(5)
	for _, test := range []struct{ got, want *int64 }{
		{projection.Min(nil, five), &five}, {projection.Min(&five, three), &three}, {projection.Min(&three, five), &three},
		{projection.Max(nil, three), &three}, {projection.Max(&five, three), &five}, {projection.Max(&three, five), &five},
	} {
		same(t, "result", test.want, test.got)
	}
}
