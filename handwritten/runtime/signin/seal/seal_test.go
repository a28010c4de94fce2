package seal_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
)

func sealer(t *testing.T, keys ...byte) *seal.Sealer {
	t.Helper()
	var all [][]byte
	for _, key := range keys {
		all = append(all, bytes.Repeat([]byte{key}, seal.KeyBytes))
	}
	s, err := seal.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedOpensWithItsKeyAndPurpose(t *testing.T) {
	t.Parallel()
	old := sealer(t, 1)
	sealed := old.Seal([]byte("plain"), "a")
	if bytes.Contains(sealed, []byte("plain")) || bytes.Equal(sealed, old.Seal([]byte("plain"), "a")) {
		t.Error("sealing twice gives the same, or shows the content")
	}
	for _, s := range []*seal.Sealer{old, sealer(t, 2, 1)} {
		if plain, err := s.Open(sealed, "a"); err != nil || string(plain) != "plain" {
			t.Errorf("Open = %q, %v", plain, err)
		}
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another purpose": func() ([]byte, error) { return old.Open(sealed, "b") },
		"another key":     func() ([]byte, error) { return sealer(t, 2).Open(sealed, "a") },
		"changed":         func() ([]byte, error) { return old.Open(changed, "a") },
		"cut":             func() ([]byte, error) { return old.Open(sealed[:5], "a") },
		"empty":           func() ([]byte, error) { return old.Open(nil, "a") },
	} {
		if plain, err := open(); err == nil {
			t.Errorf("%s: opened as %q", name, plain)
		}
	}
}

func TestKeysFromConfiguration(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "c2hvcnQ=", "not base64!", strings.Repeat("A", 43) + "=,"} {
		if _, err := seal.Parse(bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("Parse(%q) = %v", bad, err)
		}
	}
	path := filepath.Join(t.TempDir(), "sub", "key")
	first, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Open(first.Seal([]byte("x"), "p"), "p"); err != nil {
		t.Error(err)
	}
}
