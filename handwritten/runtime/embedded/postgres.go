package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oksai/oksai/handwritten/runtime/child"
)

// postgres describes one PostgreSQL: its programs, its folder, and who runs it.
//
// Its folder holds `data` (what PostgreSQL calls the data directory) and
// `password` (the superuser's).
type postgres struct {
	bin    string
	dir    string
	noSync bool
	user   *account // nil: our own
	port   int
}

// startPostgres makes the data folder when there is none and starts the server on it.
func startPostgres(ctx context.Context, o Options, address *string) (engine, error) {
	bin, err := findPostgres(ctx, o.Log)
	if err != nil {
		return nil, err
	}
	pg := &postgres{bin: bin, dir: filepath.Join(o.Dir, "postgres"), noSync: o.NoSync}
	if pg.port, err = freePort(); err != nil {
		return nil, err
	}
	password, err := pg.prepare(ctx)
	if err != nil {
		return nil, err
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", password),
		Host: loopback(pg.port), Path: "/postgres", RawQuery: "sslmode=disable",
	}
	*address = u.String()
	c := &child.Child{
		Name: "postgres", Log: o.Log, LogPath: filepath.Join(o.Dir, "postgres.log"),
		Command: pg.server, StopBy: syscall.SIGINT, // SIGINT is PostgreSQL's fast shutdown
		Ready: func(ctx context.Context) error { return pingPostgres(ctx, *address) },
	}
	return c, c.Start(ctx)
}

// prepare makes the folder ready for this version of PostgreSQL and returns the
// superuser's password.
func (pg *postgres) prepare(ctx context.Context) (string, error) {
	if err := os.MkdirAll(pg.dir, 0o700); err != nil {
		return "", fmt.Errorf("embedded: postgres folder: %w", err)
	}
	var err error
	if pg.user, err = accountFor(pg.dir); err != nil {
		return "", err
	}
	password, err := keptPassword(filepath.Join(pg.dir, "password"))
	if err != nil {
		return "", fmt.Errorf("embedded: postgres password: %w", err)
	}
	if err := pg.user.own(pg.dir, filepath.Join(pg.dir, "password")); err != nil {
		return "", err
	}
	made, err := os.ReadFile(filepath.Join(pg.dir, "data", "PG_VERSION"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return password, pg.initdb(ctx)
	case err != nil:
		return "", fmt.Errorf("embedded: postgres data: %w", err)
	}
	return password, pg.checkVersion(ctx, strings.TrimSpace(string(made)))
}

// checkVersion refuses data of another major version, which PostgreSQL cannot read.
func (pg *postgres) checkVersion(ctx context.Context, made string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(pg.bin, "postgres"), "--version").Output()
	if err != nil {
		return fmt.Errorf("embedded: ask %s for its version: %w", pg.bin, err)
	}
	_, version, _ := strings.Cut(string(out), "(PostgreSQL) ")
	if major, _, _ := strings.Cut(strings.TrimSpace(version), "."); major != made {
		return fmt.Errorf("embedded: %s was made by PostgreSQL %s, but %s holds PostgreSQL %s: set %s to the bin folder of a PostgreSQL %s, or move the data away to begin anew",
			pg.dir, made, pg.bin, major, postgresDirEnv, made)
	}
	return nil
}

// initdb makes the data folder under another name first, so that a `data`
// folder is always a complete one.
func (pg *postgres) initdb(ctx context.Context) error {
	unfinished := filepath.Join(pg.dir, "data.new")
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("embedded: remove unfinished postgres data: %w", err)
	}
	cmd, err := pg.command("initdb", func(dir string) []string {
		args := []string{
			"--pgdata=" + dir + "/data.new", "--pwfile=" + dir + "/password",
			"--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
		}
		if pg.noSync {
			args = append(args, "--no-sync")
		}
		return args
	})
	if err != nil {
		return err
	}
	if out, err := child.Run(ctx, cmd); err != nil {
		return fmt.Errorf("embedded: initdb: %w:\n%s", err, out)
	}
	return os.Rename(unfinished, filepath.Join(pg.dir, "data"))
}

// server is the command that runs PostgreSQL, reachable over loopback only.
func (pg *postgres) server() (*exec.Cmd, error) {
	return pg.command("postgres", func(dir string) []string {
		settings := []string{
			"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", pg.port), "unix_socket_directories=",
			"max_connections=200", "timezone=UTC", "log_timezone=UTC",
		}
		if pg.noSync {
			// synchronous_commit stays on: without it a mere kill would lose commits.
			settings = append(settings, "fsync=off", "full_page_writes=off")
		}
		args := []string{"-D", dir + "/data"}
		for _, setting := range settings {
			args = append(args, "-c", setting)
		}
		return args
	})
}

// command prepares one of PostgreSQL's programs. Its arguments are made from the
// path under which the program sees our folder.
func (pg *postgres) command(program string, args func(dir string) []string) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(pg.bin, program))
	cmd.Dir = "/" // initdb wants a working directory it may read
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	dir, err := pg.user.enter(cmd, pg.dir)
	if err != nil {
		return nil, err
	}
	cmd.Args = append(cmd.Args, args(dir)...)
	return cmd, nil
}

func pingPostgres(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
