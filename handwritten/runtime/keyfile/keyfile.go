// Package keyfile keeps a secret in a file, for development and for the data
// folder of one machine. In production secrets come from the configuration.
package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads the file at path; where there is none it writes what generate
// returns, readable by its owner only. A file that others can read is refused.
func Load(path string, generate func() ([]byte, error)) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if raw, err = create(path, generate); errors.Is(err, fs.ErrExist) {
			raw, err = os.ReadFile(path) // another process was first
		}
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %o): chmod 600 it, or delete it to get a new one", path, mode)
	}
	return raw, nil
}

// create writes to a temporary file first: a crash must not leave half a key,
// and of two processes that start together only one makes the key.
func create(path string, generate func() ([]byte, error)) ([]byte, error) {
	raw, err := generate()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(raw); err != nil {
		return nil, errors.Join(err, tmp.Close())
	}
	if err := tmp.Close(); err != nil {
		return nil, err
	}
	return raw, os.Link(tmp.Name(), path) // unlike rename, fails where path exists
}
