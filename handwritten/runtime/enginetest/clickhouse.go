package enginetest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"testing"
)

// ClickHouse is the URL of a fresh, empty database, of the form
// http://user:password@host:port/database, as clickhouse.ParseDSN takes it.
// The database is dropped when the test ends.
func ClickHouse(t testing.TB) string {
	t.Helper()
	server, err := url.Parse(clickhouse.get(t).ClickHouseURL)
	if err != nil {
		t.Fatalf("enginetest: %v", err)
	}
	name := databaseName(t)
	post(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { post(t, server, "DROP DATABASE "+name+" SYNC") })
	server = &url.URL{Scheme: server.Scheme, User: server.User, Host: server.Host, Path: "/" + name}
	return server.String()
}

func post(t testing.TB, server *url.URL, statement string) {
	t.Helper()
	u := url.URL{Scheme: server.Scheme, User: server.User, Host: server.Host, Path: "/"}
	// No connection is kept: it would outlive the test.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post(u.String(), "text/plain", bytes.NewBufferString(statement))
	if err != nil {
		t.Fatalf("enginetest: clickhouse: %v", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(res.Body)
		t.Errorf("enginetest: %s: %s", statement, answer)
	}
}
