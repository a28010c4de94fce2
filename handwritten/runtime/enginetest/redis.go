package enginetest

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// Redis is the URL of an empty Redis of the test's own. Its clock stands still:
// no key expires.
func Redis(t testing.TB) string {
	t.Helper()
	return "redis://" + miniredis.RunT(t).Addr() + "/0"
}
