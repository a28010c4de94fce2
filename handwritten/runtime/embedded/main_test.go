package embedded_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/embedded"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	embedded.MaybeChild()
	if dir := os.Getenv(ownerEnv); dir != "" {
		ownEngines(dir)
	}
	goleak.VerifyTestMain(m)
}

// ownerEnv makes this program a process that only owns engines, to be killed.
const ownerEnv = "EMBEDDED_TEST_OWNER"

// ownEngines starts engines in dir, prints how to reach them, and waits to be killed.
func ownEngines(dir string) {
	engines, err := embedded.Start(context.Background(), embedded.Options{Dir: dir, Postgres: true, ClickHouse: true, NoSync: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(engines.PostgresURL, engines.ClickHouseURL)
	select {}
}

// start starts engines that are supervised, and stopped when the test ends.
func start(t *testing.T, o embedded.Options) *embedded.Engines {
	t.Helper()
	o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	o.NoSync = true
	engines, err := embedded.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- engines.Run(ctx) }()
	t.Cleanup(func() {
		if err := engines.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		cancel()
	})
	return engines
}
