package embedded

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/oksai/oksai/handwritten/runtime/child"
	"github.com/oksai/oksai/handwritten/runtime/embedded/internal/chdb"
)

const (
	// childEnv tells a process that it is to be an engine, and how.
	childEnv = "OKSAI_EMBEDDED_CHILD"
	// chdbLibEnv names a libchdb.so to use instead of the downloaded one.
	chdbLibEnv = "OKSAI_CHDB_LIB"
	// clickHouseMemory bounds the engine, which by itself takes nine tenths of the machine.
	clickHouseMemory = 2 << 30
)

// MaybeChild turns the process into an engine if it was started to be one, and
// then does not return. A program that calls Start calls MaybeChild first in
// main: the ClickHouse engine runs in a second process of the same program.
func MaybeChild() {
	text := os.Getenv(childEnv)
	if text == "" {
		return
	}
	var config chdb.Config
	err := json.Unmarshal([]byte(text), &config)
	if err == nil {
		err = chdb.Serve(config)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clickhouse engine:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startClickHouse starts an installed ClickHouse, else the engine in libchdb.so.
func startClickHouse(ctx context.Context, o Options, address *string) (engine, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	user := url.UserPassword("default", rand.Text())
	u := url.URL{Scheme: "http", User: user, Host: loopback(port), Path: "/default"}
	*address = u.String()
	command, err := clickHouseCommand(ctx, o, port, user)
	if err != nil {
		return nil, err
	}
	c := &child.Child{
		Name: "clickhouse", Log: o.Log, LogPath: filepath.Join(o.Dir, "clickhouse.log"),
		Command: command, StopBy: syscall.SIGTERM,
		Ready: func(ctx context.Context) error { return child.Answers(ctx, "http://"+loopback(port)+"/ping") },
	}
	return c, c.Start(ctx)
}

// clickHouseCommand decides which program serves.
func clickHouseCommand(ctx context.Context, o Options, port int, user *url.Userinfo) (func() (*exec.Cmd, error), error) {
	library := os.Getenv(chdbLibEnv)
	if library == "" {
		if program, ok := findClickHouse(ctx); ok {
			return installedClickHouse(program, filepath.Join(o.Dir, "clickhouse-server"), port, user)
		}
		folder, err := install(ctx, o.Log, chdbPackage)
		if err != nil {
			return nil, fmt.Errorf("%w; or install ClickHouse so that `clickhouse` is on PATH, or set %s to a libchdb.so", err, chdbLibEnv)
		}
		library = filepath.Join(folder, "libchdb.so")
	}
	password, _ := user.Password()
	config, err := json.Marshal(chdb.Config{
		Library: library, Dir: filepath.Join(o.Dir, "clickhouse"), Address: loopback(port),
		User: user.Username(), Password: password, MaxMemory: clickHouseMemory,
	})
	if err != nil {
		return nil, fmt.Errorf("embedded: clickhouse: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("embedded: clickhouse runs in a process of this program, whose file is unknown: %w", err)
	}
	return func() (*exec.Cmd, error) {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), childEnv+"="+string(config), "TZ=UTC")
		return cmd, nil
	}, nil
}
