package enginetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// redisEnv chooses the Redis of tests that run with either: "real" is the
// machine's redis-server, anything else one inside the test process.
const redisEnv = "OKSAI_TEST_REDIS"

// RedisIsReal tells whether Redis is to be a server of its own.
func RedisIsReal() bool { return os.Getenv(redisEnv) == "real" }

// Redis is the URL of an empty Redis of the test's own. Its clock stands still:
// no key expires.
func Redis(t testing.TB) string {
	t.Helper()
	return "redis://" + miniredis.RunT(t).Addr() + "/0"
}

// RedisServer is the URL of an empty Redis in a process of its own, which keeps
// what it has as in production.
func RedisServer(t testing.TB) string {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	child := startServer(t, dir, "redis-server", "--bind", "127.0.0.1", "--port", fmt.Sprint(port), "--dir", dir, "--appendonly", "yes")
	t.Cleanup(child.stop)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	child.awaitListener(t, address)
	return "redis://" + address + "/0"
}
