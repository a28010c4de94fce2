package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// postgresDirEnv names a folder that holds initdb and postgres.
const postgresDirEnv = "OKSAI_POSTGRES_DIR"

// findPostgres is the folder of PostgreSQL's programs: the one asked for, else
// an installed one, else a downloaded one.
func findPostgres(ctx context.Context, log *slog.Logger) (string, error) {
	if dir := os.Getenv(postgresDirEnv); dir != "" {
		if !hasPostgres(dir) {
			return "", fmt.Errorf("embedded: %s=%s holds no initdb and postgres: name the bin folder of a PostgreSQL, or unset it", postgresDirEnv, dir)
		}
		return dir, nil
	}
	for _, dir := range installedPostgres() {
		if hasPostgres(dir) {
			return dir, nil
		}
	}
	dir, err := install(ctx, log, postgresPackage)
	if err != nil {
		return "", fmt.Errorf("%w; or install PostgreSQL and set %s to its bin folder", err, postgresDirEnv)
	}
	return filepath.Join(dir, "native", "bin"), nil
}

// installedPostgres lists where PostgreSQL may be: on PATH, then where Debian
// puts it, newest first.
func installedPostgres() []string {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well-formed
	slices.SortFunc(debian, func(a, b string) int { return debianVersion(b) - debianVersion(a) })
	return append(dirs, debian...)
}

// debianVersion is the version in a path of the form /usr/lib/postgresql/15/bin.
func debianVersion(bin string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return version
}

func hasPostgres(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, program)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}
