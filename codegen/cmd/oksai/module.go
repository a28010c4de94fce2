package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/mod/modfile"

	"github.com/oksai/oksai/codegen/pipeline"
)

// modulePath is the import path of a folder: that of the Go module that it is
// in, and the way down from there. Outside of any module it is the runtime's own.
func modulePath(dir string) (string, error) {
	for root := dir; ; root = filepath.Dir(root) {
		file := filepath.Join(root, "go.mod")
		content, err := os.ReadFile(file)
		switch {
		case err == nil:
			module := modfile.ModulePath(content)
			below, err := filepath.Rel(root, dir)
			if module == "" {
				return "", fmt.Errorf("%s does not say which module it is of: begin it with `module <path>`", file)
			}
			if err != nil {
				return "", err
			}
			return path.Join(module, filepath.ToSlash(below)), nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("find the module that is generated into: %w", err)
		case root == filepath.Dir(root):
			return pipeline.Home, nil
		}
	}
}
