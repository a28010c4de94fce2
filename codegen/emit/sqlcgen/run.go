package sqlcgen

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/oksai/oksai/codegen/ir"
)

const (
	configFile = "sqlc.json"
	schemaFile = "schema.sql"
	outFolder  = "db"
	// binaryVariable names an sqlc binary to run instead of the pinned one.
	binaryVariable = "OKSAI_SQLC"
)

// queriesFile gives the generated Go file its name.
func queriesFile(m *ir.Module) string { return m.Name + ".sql" }

type workspace struct {
	module          *ir.Module
	schema, queries string
}

// run lets sqlc work in a folder of its own and returns what it wrote, by file name.
func run(w workspace) (map[string][]byte, error) {
	folder, err := os.MkdirTemp("", "oksai-sqlc-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for sqlc: %w", err)
	}
	defer os.RemoveAll(folder)
	if err := w.write(folder); err != nil {
		return nil, err
	}
	if err := generate(folder); err != nil {
		return nil, err
	}
	return read(filepath.Join(folder, outFolder))
}

func (w workspace) write(folder string) error {
	settings, err := configuration(w.module)
	if err != nil {
		return fmt.Errorf("writing sqlc's configuration: %w", err)
	}
	for name, content := range map[string][]byte{configFile: settings, schemaFile: []byte(w.schema), queriesFile(w.module): []byte(w.queries)} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return fmt.Errorf("preparing sqlc's folder: %w", err)
		}
	}
	return nil
}

func generate(folder string) error {
	command, err := sqlc("generate", "--file", filepath.Join(folder, configFile))
	if err != nil {
		return err
	}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return fmt.Errorf("sqlc: %w:\n%s", err, strings.ReplaceAll(output.String(), folder+"/", ""))
	}
	return nil
}

// sqlc runs the version that codegen/tools pins, unless OKSAI_SQLC names a binary.
// cgo is off: it would only make the build of the tool slower.
func sqlc(args ...string) (*exec.Cmd, error) {
	if binary := os.Getenv(binaryVariable); binary != "" {
		return exec.Command(binary, args...), nil
	}
	tools, err := toolsModule()
	if err != nil {
		return nil, err
	}
	command := exec.Command("go", append([]string{"tool", "-modfile=" + tools, "sqlc"}, args...)...)
	command.Dir = filepath.Dir(tools)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOTOOLCHAIN=auto", "GOWORK=off")
	return command, nil
}

// toolsModule looks for codegen/tools/go.mod from the working directory upwards.
func toolsModule() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for codegen/tools: %w", err)
	}
	for {
		path := filepath.Join(folder, "codegen", "tools", "go.mod")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("codegen/tools/go.mod is in none of the folders above; run in the repository, or set " + binaryVariable + " to an sqlc binary")
		}
		folder = parent
	}
}

func read(folder string) (map[string][]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("reading what sqlc wrote: %w", err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading what sqlc wrote: %w", err)
		}
		files[entry.Name()] = content
	}
	return files, nil
}
