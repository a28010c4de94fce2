package embedded

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeClickHouse puts a `clickhouse` on PATH that says the version.
func fakeClickHouse(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "clickhouse")
	write(t, program, []byte("#!/bin/sh\necho 'ClickHouse server version "+version+" (official build).'\n"), 0o755)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return program
}

func TestRecentClickHouseOnPathIsUsed(t *testing.T) {
	program := fakeClickHouse(t, "25.8.2.29")
	dir := t.TempDir()
	command, err := clickHouseCommand(t.Context(), Options{Dir: dir}, 1234, url.UserPassword("default", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := command()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "clickhouse-server", "config.xml")
	if diff := cmp.Diff([]string{program, "server", "--config-file=" + file}, cmd.Args); diff != "" {
		t.Error(diff)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := `<clickhouse>
  <listen_host>127.0.0.1</listen_host>
  <http_port>1234</http_port>
  <path>` + dir + `/clickhouse-server/</path>
  <max_server_memory_usage>2147483648</max_server_memory_usage>
  <timezone>UTC</timezone>
  <logger>
    <level>warning</level>
    <console>1</console>
  </logger>
  <profiles>
    <default></default>
  </profiles>
  <quotas>
    <default></default>
  </quotas>
  <users>
    <default>
      <password_sha256_hex>2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b</password_sha256_hex>
      <networks>
        <ip>127.0.0.1</ip>
      </networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </default>
  </users>
</clickhouse>`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestOldClickHouseOnPathIsLeftAlone(t *testing.T) {
	fakeClickHouse(t, "18.16.1")
	if program, ok := findClickHouse(t.Context()); ok {
		t.Errorf("%s is used", program)
	}
}
