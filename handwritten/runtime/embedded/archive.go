package embedded

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// verify compares the archive with the one this code was written for.
func (p npmPackage) verify(archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, file); err != nil {
		return err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != p.sha512 {
		return fmt.Errorf("the archive's SHA-512 is %s, not %s: it is not the package this program knows, so it was not unpacked", sum, p.sha512)
	}
	return nil
}

// unpack writes the files to keep below dir. Names that lead out of dir are refused.
func (p npmPackage) unpack(archive, dir string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "package"), 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for entries := tar.NewReader(zipped); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeReg && p.wants(header.Name) {
			if err := unpackFile(root, header, entries); err != nil {
				return err
			}
		}
	}
}

// wants tells whether the archive's entry is below one of the paths to keep.
func (p npmPackage) wants(entry string) bool {
	return slices.ContainsFunc(p.keep, func(kept string) bool {
		return entry == "package/"+kept || strings.HasPrefix(entry, "package/"+kept+"/")
	})
}

func unpackFile(root *os.Root, header *tar.Header, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(header.Name), 0o755); err != nil {
		return err
	}
	// Another account runs the engine: everyone may read, none but us may write.
	mode := header.FileInfo().Mode().Perm()&0o111 | 0o644
	file, err := root.OpenFile(header.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

// link makes the symbolic links that the package lists.
func (p npmPackage) link(dir string) error {
	if p.symlinks == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, p.symlinks))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("%s: %w", p.symlinks, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, l := range links {
		source, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("%s: %w", p.symlinks, err)
		}
		if err := root.Symlink(source, l.Target); err != nil {
			return err
		}
	}
	return nil
}
