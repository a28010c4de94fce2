package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeNPM puts an npm on PATH that hands out an archive with the files, and
// returns the package that describes it and a count of npm's runs.
func fakeNPM(t *testing.T, files map[string]string) (p npmPackage, runs func() int) {
	t.Helper()
	dir := t.TempDir()
	archive := packed(t, files)
	write(t, filepath.Join(dir, "archive"), archive, 0o644)
	write(t, filepath.Join(dir, "npm"), []byte(`#!/bin/sh
echo run >> `+dir+`/runs
cp `+dir+`/archive "$4/engine-1.0.0.tgz"
echo engine-1.0.0.tgz
`), 0o755)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv(cacheEnv, filepath.Join(dir, "cache"))
	sum := sha512.Sum512(archive)
	p = npmPackage{name: "@some/engine", version: "1.0.0", sha512: hex.EncodeToString(sum[:]), keep: []string{"lib"}}
	return p, func() int {
		text, _ := os.ReadFile(filepath.Join(dir, "runs"))
		return strings.Count(string(text), "run")
	}
}

func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for name, text := range files {
		header := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func write(t *testing.T, path string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
}

func TestInstallDownloadsOnce(t *testing.T) {
	p, runs := fakeNPM(t, map[string]string{
		"package/lib/engine.so.1.0": "code", "package/lib/links.json": `[{"source":"lib/engine.so.1.0","target":"lib/engine.so"}]`,
		"package/readme": "not wanted",
	})
	p.symlinks = "lib/links.json"
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			dir, err := install(t.Context(), slog.New(slog.DiscardHandler), p)
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(filepath.Join(dir, "lib", "engine.so")); string(text) != "code" {
				t.Errorf("library is %q, %v", text, err)
			}
			if _, err := os.Stat(filepath.Join(dir, "readme")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file that nobody wants was unpacked: %v", err)
			}
		})
	}
	group.Wait()
	if runs() != 1 {
		t.Errorf("npm ran %d times, want 1", runs())
	}
}

func TestInstallRefusesAnotherArchive(t *testing.T) {
	p, _ := fakeNPM(t, map[string]string{"package/lib/engine.so": "code"})
	p.sha512 = strings.Repeat("0", 128)
	if _, err := install(t.Context(), slog.New(slog.DiscardHandler), p); err == nil || !strings.Contains(err.Error(), "SHA-512") {
		t.Errorf("got %v", err)
	}
	nothingInstalled(t)
}

func TestInstallRefusesNamesThatLeadOut(t *testing.T) {
	p, _ := fakeNPM(t, map[string]string{"package/lib/../../../../out": "code"})
	if dir, err := install(t.Context(), slog.New(slog.DiscardHandler), p); err == nil {
		t.Errorf("installed to %s", dir)
	}
	nothingInstalled(t)
}

// nothingInstalled finds only the lock in the cache: no package, nothing half done.
func nothingInstalled(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(os.Getenv(cacheEnv))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".lock") {
			t.Errorf("%s is left in the cache", entry.Name())
		}
	}
}

func TestWithoutNPMTheEngineIsUnavailable(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(cacheEnv, t.TempDir())
	_, err := Start(t.Context(), Options{Dir: t.TempDir(), ClickHouse: true})
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "npm is needed") || !strings.Contains(err.Error(), chdbLibEnv) {
		t.Errorf("got %v", err)
	}
	engines, err := Start(t.Context(), Options{Dir: t.TempDir(), Redis: true, ClickHouse: true, ClickHouseOptional: true})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(engines.Missing, ErrUnavailable) || engines.ClickHouseURL != "" || engines.RedisURL == "" {
		t.Errorf("without an optional ClickHouse: %+v", engines)
	}
	if err := engines.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
