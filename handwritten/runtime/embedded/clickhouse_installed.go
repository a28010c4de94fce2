package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// oldestClickHouse is the first major version whose SQL is the one we write.
// Distributions carry much older ones.
const oldestClickHouse = 24

var clickHouseVersion = regexp.MustCompile(`version (\d+)\.`)

// findClickHouse looks for a recent ClickHouse on PATH.
func findClickHouse(ctx context.Context) (program string, ok bool) {
	program, err := exec.LookPath("clickhouse")
	if err != nil {
		return "", false
	}
	out, err := exec.CommandContext(ctx, program, "server", "--version").Output()
	if err != nil {
		return "", false
	}
	found := clickHouseVersion.FindSubmatch(out)
	if found == nil {
		return "", false
	}
	major, err := strconv.Atoi(string(found[1]))
	return program, err == nil && major >= oldestClickHouse
}

// clickHouseConfig is a complete configuration of a ClickHouse server: HTTP on
// loopback only, one account, logs to the console.
type clickHouseConfig struct {
	XMLName   xml.Name `xml:"clickhouse"`
	Host      string   `xml:"listen_host"`
	Port      int      `xml:"http_port"`
	Path      string   `xml:"path"`
	MaxMemory int64    `xml:"max_server_memory_usage"`
	Timezone  string   `xml:"timezone"`
	Level     string   `xml:"logger>level"`
	Console   int      `xml:"logger>console"`
	Profile   string   `xml:"profiles>default"`
	Quota     string   `xml:"quotas>default"`
	Users     struct {
		Password string `xml:"password_sha256_hex"`
		Network  string `xml:"networks>ip"`
		Profile  string `xml:"profile"`
		Quota    string `xml:"quota"`
		Manage   int    `xml:"access_management"`
	} `xml:"users>default"`
}

// installedClickHouse runs the ClickHouse found on PATH. Its data is kept apart
// from libchdb's: neither promises to read the other's.
func installedClickHouse(program, dir string, port int, user *url.Userinfo) (func() (*exec.Cmd, error), error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded: clickhouse folder: %w", err)
	}
	config := clickHouseConfig{
		Host: "127.0.0.1", Port: port, Path: dir + "/", MaxMemory: clickHouseMemory,
		Timezone: "UTC", Level: "warning", Console: 1,
	}
	password, _ := user.Password()
	config.Users.Password = fmt.Sprintf("%x", sha256.Sum256([]byte(password)))
	config.Users.Network, config.Users.Profile, config.Users.Quota, config.Users.Manage = "127.0.0.1", "default", "default", 1
	text, err := xml.MarshalIndent(config, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("embedded: clickhouse configuration: %w", err)
	}
	file := filepath.Join(dir, "config.xml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, fmt.Errorf("embedded: clickhouse configuration: %w", err)
	}
	return func() (*exec.Cmd, error) {
		cmd := exec.Command(program, "server", "--config-file="+file)
		cmd.Dir = dir
		return cmd, nil
	}, nil
}
