package embedded_test

import (
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/embedded"
)

func openClickHouse(t *testing.T, url string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func execClickHouse(t *testing.T, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

type row struct {
	ID       uuid.UUID         `ch:"id"`
	Position *big.Int          `ch:"position"`
	At       time.Time         `ch:"at"`
	Tags     []string          `ch:"tags"`
	Note     *string           `ch:"note"`
	Kind     string            `ch:"kind"`
	Labels   map[string]string `ch:"labels"`
}

const rowTable = `CREATE TABLE rows (
	id UUID, position UInt128, at DateTime64(6, 'UTC'), tags Array(String),
	note Nullable(String), kind LowCardinality(String), labels Map(String, String)
) ENGINE = ReplacingMergeTree(position) ORDER BY id`

func exampleRow() row {
	note := "a note, 'quoted' \\ and\nbroken"
	return row{
		ID:       uuid.MustParse("01900000-0000-7000-8000-000000000001"),
		Position: new(big.Int).Lsh(big.NewInt(7), 100),
		At:       time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC),
		Tags:     []string{"a", "ü", ""},
		Note:     &note,
		Kind:     "common",
		Labels:   map[string]string{"k": "v"},
	}
}

func TestClickHouseThroughItsUsualClient(t *testing.T) {
	t.Parallel()
	engines := start(t, embedded.Options{Dir: t.TempDir(), ClickHouse: true})
	conn := openClickHouse(t, engines.ClickHouseURL)
	execClickHouse(t, conn, "CREATE DATABASE shop")
	t.Run("types survive", func(t *testing.T) { typesSurvive(t, conn) })
	t.Run("newest version wins", func(t *testing.T) { newestVersionWins(t, conn) })
	t.Run("batches of 10000", func(t *testing.T) { largeBatch(t, conn) })
	t.Run("parameters", func(t *testing.T) { parameters(t, conn) })
	t.Run("exceptions", func(t *testing.T) { exceptions(t, conn) })
	t.Run("settings", func(t *testing.T) { settings(t, conn) })
	t.Run("database", func(t *testing.T) { databaseOfURL(t, engines.ClickHouseURL) })
	t.Run("authentication", func(t *testing.T) { authentication(t, engines.ClickHouseURL) })
	t.Run("compression", func(t *testing.T) { compression(t, engines.ClickHouseURL) })
	t.Run("concurrency", func(t *testing.T) { concurrency(t, conn) })
}

func insert(t *testing.T, conn driver.Conn, statement string, rows ...row) {
	t.Helper()
	batch, err := conn.PrepareBatch(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := batch.AppendStruct(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

func typesSurvive(t *testing.T, conn driver.Conn) {
	execClickHouse(t, conn, rowTable)
	want := exampleRow()
	without := exampleRow()
	without.ID, without.Note, without.Tags, without.Labels = uuid.Max, nil, []string{}, map[string]string{}
	insert(t, conn, "INSERT INTO rows", want, without)
	var got []row
	if err := conn.Select(t.Context(), &got, "SELECT * FROM rows FINAL ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	sameNumber := cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
	if diff := cmp.Diff([]row{want, without}, got, sameNumber); diff != "" {
		t.Error(diff)
	}
}

// The position orders rows beyond 64 bits: the newer one differs in its upper half only.
func newestVersionWins(t *testing.T, conn driver.Conn) {
	execClickHouse(t, conn, `CREATE TABLE versions (id UInt64, name String, version UInt128, deleted UInt8)
		ENGINE = ReplacingMergeTree(version, deleted) ORDER BY id`,
		"INSERT INTO versions VALUES (1, 'new', toUInt128('36893488147419103232'), 0)", // 2^65
		"INSERT INTO versions VALUES (1, 'old', 18446744073709551615, 0)",              // 2^64-1
		"INSERT INTO versions VALUES (2, 'gone', 1, 0)",
		"INSERT INTO versions VALUES (2, 'gone', 2, 1)")
	var names []struct {
		Name string `ch:"name"`
	}
	if err := conn.Select(t.Context(), &names, "SELECT name FROM versions FINAL ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	if len(names) != 1 || names[0].Name != "new" {
		t.Errorf("got %v, want the one row named new", names)
	}
}

func largeBatch(t *testing.T, conn driver.Conn) {
	execClickHouse(t, conn, "CREATE TABLE numbers (n UInt64, text String) ENGINE = MergeTree ORDER BY n")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO numbers (n, text)")
	if err != nil {
		t.Fatal(err)
	}
	const count = 10_000
	for n := range uint64(count) {
		if err := batch.Append(n, "some text"); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var rows, sum uint64
	if err := conn.QueryRow(t.Context(), "SELECT count(), sum(n) FROM numbers").Scan(&rows, &sum); err != nil {
		t.Fatal(err)
	}
	if rows != count || sum != count*(count-1)/2 {
		t.Errorf("got %d rows with sum %d", rows, sum)
	}
}

func parameters(t *testing.T, conn driver.Conn) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC)
	const text = `x', 1); DROP TABLE y; -- \`
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{
		"n": "42", "ids": "['01900000-0000-7000-8000-000000000001']", "at": at.Format("2006-01-02 15:04:05.000000"),
	}))
	var n int64
	var ids []uuid.UUID
	var gotAt time.Time
	err := conn.QueryRow(ctx, "SELECT {n:Int64}, {ids:Array(UUID)}, {at:DateTime64(6,'UTC')}").Scan(&n, &ids, &gotAt)
	if err != nil {
		t.Fatal(err)
	}
	if n != 42 || len(ids) != 1 || !gotAt.Equal(at) {
		t.Errorf("got %d, %v, %v", n, ids, gotAt)
	}
	var got string
	if err := conn.QueryRow(t.Context(), "SELECT ?", text).Scan(&got); err != nil || got != text {
		t.Errorf("bound text became %q, %v", got, err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT {t:String}", clickhouse.Named("t", text)).Scan(&got); err != nil || got != text {
		t.Errorf("parameter became %q, %v", got, err)
	}
}

func exceptions(t *testing.T, conn driver.Conn) {
	const unknownTable, unknownIdentifier, syntaxError = 60, 47, 62
	for statement, code := range map[string]int32{
		"SELECT * FROM missing":         unknownTable,
		"INSERT INTO missing VALUES(1)": unknownTable,
		"SELECT nonsense":               unknownIdentifier,
		"SELECT 1; SELECT 2":            syntaxError,
	} {
		err := conn.Exec(t.Context(), statement)
		var exception *clickhouse.Exception
		if !errors.As(err, &exception) || exception.Code != code {
			t.Errorf("%s: got %v, want exception %d", statement, err, code)
		}
	}
	execClickHouse(t, conn, "SELECT ';', 1;", "CREATE TABLE texts (a String) ENGINE = MergeTree ORDER BY a",
		"INSERT INTO texts VALUES ('one; two'), ('three')")
	if _, err := conn.PrepareBatch(t.Context(), "INSERT INTO missing"); err == nil {
		t.Error("a batch for a missing table is accepted")
	}
}

// Rows that the table cannot take are refused whole, with the engine's reason.
func TestClickHouseRefusesBrokenData(t *testing.T) {
	t.Parallel()
	engines := start(t, embedded.Options{Dir: t.TempDir(), ClickHouse: true})
	execClickHouse(t, openClickHouse(t, engines.ClickHouseURL), "CREATE TABLE strict (a UInt8) ENGINE = MergeTree ORDER BY a")
	const cannotParse = "27"
	rows := "1\n2\nnonsense\n" + strings.Repeat("3\n", 1<<20)
	u := strings.TrimSuffix(engines.ClickHouseURL, "default") + "?query=INSERT+INTO+strict+FORMAT+TSV"
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post(u, "text/plain", strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if code := res.Header.Get("X-ClickHouse-Exception-Code"); code != cannotParse {
		text, _ := io.ReadAll(res.Body)
		t.Errorf("status %d, code %q: %s", res.StatusCode, code, text)
	}
	var count uint64
	if err := openClickHouse(t, engines.ClickHouseURL).QueryRow(t.Context(), "SELECT count() FROM strict").Scan(&count); err != nil || count != 0 {
		t.Errorf("%d rows, %v", count, err)
	}
}

func settings(t *testing.T, conn driver.Conn) {
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_result_rows": 5, "max_threads": 1}))
	if err := conn.Exec(ctx, "SELECT number FROM numbers_mt(100)"); err == nil {
		t.Error("a setting has no effect")
	}
	if err := conn.Exec(t.Context(), "SELECT number FROM numbers_mt(100)"); err != nil {
		t.Errorf("a setting outlives its request: %v", err)
	}
}

func databaseOfURL(t *testing.T, url string) {
	conn := openClickHouse(t, url[:len(url)-len("/default")]+"/shop")
	var name string
	if err := conn.QueryRow(t.Context(), "SELECT currentDatabase()").Scan(&name); err != nil || name != "shop" {
		t.Errorf("database %q, %v", name, err)
	}
}

func authentication(t *testing.T, url string) {
	options, err := clickhouse.ParseDSN(url)
	if err != nil {
		t.Fatal(err)
	}
	options.Auth.Password = "wrong"
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const authenticationFailed = 516
	var exception *clickhouse.Exception
	if err := conn.Ping(t.Context()); !errors.As(err, &exception) || exception.Code != authenticationFailed {
		t.Errorf("wrong password: %v", err)
	}
}

func compression(t *testing.T, url string) {
	conn := openClickHouse(t, url+"?compress=lz4")
	if err := conn.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "connect without compression") {
		t.Errorf("got %v", err)
	}
}

func concurrency(t *testing.T, conn driver.Conn) {
	const clients = 10
	failed := make(chan error)
	for i := range clients {
		go func() {
			var got uint64
			err := conn.QueryRow(t.Context(), "SELECT sum(number) + ? FROM numbers(100000)", i).Scan(&got)
			if err == nil && got != 4999950000+uint64(i) {
				err = errors.New("an answer of another query")
			}
			failed <- err
		}()
	}
	for range clients {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
