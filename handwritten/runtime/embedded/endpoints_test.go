package embedded_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

func TestOtherProcessesFindTheEnginesWhileTheyRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	engines, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, Kafka: true, Redis: true, NoSync: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	found, err := embedded.Find(dir)
	if diff := cmp.Diff(engines.Endpoints, found); err != nil || diff != "" {
		t.Errorf("Find: %v\n%s", err, diff)
	}
	info, err := os.Stat(filepath.Join(dir, "endpoints.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the passwords: mode %v, %v", info.Mode(), err)
	}
	if err := engines.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if found, err := embedded.Find(dir); !errors.Is(err, embedded.ErrNotRunning) {
		t.Errorf("Find after Stop: %+v, %v", found, err)
	}
}
