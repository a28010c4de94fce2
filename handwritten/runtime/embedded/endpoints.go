package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Endpoints is how running engines are reached. The field of an engine that was
// not asked for is empty.
type Endpoints struct {
	// PostgresURL belongs to the superuser, database "postgres".
	PostgresURL string `json:"postgres_url"`
	// ClickHouseURL is of the form http://user:password@host:port/database.
	ClickHouseURL string `json:"clickhouse_url"`
	// KafkaBrokers are addresses of the form host:port.
	KafkaBrokers []string `json:"kafka_brokers"`
	// RedisURL is of the form redis://:password@host:port/0.
	RedisURL string `json:"redis_url"`
}

// ErrNotRunning says that no process runs engines in a data folder.
var ErrNotRunning = errors.New("embedded: no engines run there")

// endpointsFile is in the data folder while engines run there. It holds
// passwords, so only its owner may read it.
const endpointsFile = "endpoints.json"

// announcement is what the file says.
type announcement struct {
	PID int `json:"pid"`
	Endpoints
}

// Find returns how to reach the engines that another process runs in dir.
// Without such a process the error is ErrNotRunning.
func Find(dir string) (Endpoints, error) {
	path := filepath.Join(dir, endpointsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Endpoints{}, fmt.Errorf("data folder %s: %w", dir, ErrNotRunning)
	}
	var found announcement
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil {
		return Endpoints{}, fmt.Errorf("embedded: read how the engines are reached from %s: %w", path, err)
	}
	// A killed process leaves its file behind.
	if errors.Is(syscall.Kill(found.PID, 0), syscall.ESRCH) {
		return Endpoints{}, fmt.Errorf("data folder %s: %w", dir, ErrNotRunning)
	}
	return found.Endpoints, nil
}

// announce lets Find find the engines. A reader sees the whole file or none.
func (e Endpoints) announce(dir string) error {
	text, err := json.Marshal(announcement{os.Getpid(), e})
	if err != nil {
		return fmt.Errorf("embedded: announce the engines: %w", err)
	}
	path := filepath.Join(dir, endpointsFile)
	unfinished := path + ".new"
	if err := errors.Join(os.RemoveAll(unfinished), os.WriteFile(unfinished, text, 0o600), os.Rename(unfinished, path)); err != nil {
		return fmt.Errorf("embedded: announce the engines: %w", err)
	}
	return nil
}

// withdraw undoes announce.
func withdraw(dir string) error { return os.RemoveAll(filepath.Join(dir, endpointsFile)) }
