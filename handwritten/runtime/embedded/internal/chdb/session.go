package chdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unsafe"
)

// engine is the one engine of this process; a process can have no more.
type engine struct {
	lib  *library
	path string
	root **handle // kept open: closing the last connection stops the engine
}

// startEngine starts the engine on the data in dir. It uses at most maxMemory bytes.
func startEngine(lib *library, dir string, maxMemory int64) (*engine, error) {
	lib.setSignalHandlersEnabled(0) // signals belong to Go's runtime
	e := &engine{lib: lib, path: "--path=" + dir}
	e.root = e.connect(fmt.Sprintf("--max_server_memory_usage=%d", maxMemory))
	if e.root == nil {
		return nil, fmt.Errorf("the engine does not start on %s", dir)
	}
	return e, nil
}

func (e *engine) connect(args ...string) **handle {
	var argv cStrings
	argv.add("clickhouse")
	argv.add(e.path)
	for _, arg := range args {
		argv.add(arg)
	}
	defer argv.keepAlive()
	return e.lib.connect(int32(len(argv.addresses)), argv.first())
}

// stop writes what is in memory and stops the engine.
func (e *engine) stop() { e.lib.closeConn(e.root) }

// session is one connection, with settings of its own. It runs one statement at a time.
type session struct {
	lib  *library
	conn **handle
}

// open opens a session in a database. It is cheap: each request gets its own.
func (e *engine) open(database string, settings map[string]string) (*session, error) {
	s := &session{lib: e.lib, conn: e.connect()}
	if s.conn == nil {
		return nil, errNoConnection
	}
	var statements []string
	if database != "" {
		statements = append(statements, "USE "+quoted(database, '`'))
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		statements = append(statements, "SET "+quoted(name, '`')+" = "+quoted(settings[name], '\''))
	}
	for _, statement := range statements {
		if _, err := s.query(statement, "Native", nil); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *session) close() { s.lib.closeConn(s.conn) }

// quoted is text as an identifier or a literal of ClickHouse's SQL.
func quoted(text string, quote byte) string {
	q := string(quote)
	return q + strings.NewReplacer(`\`, `\\`, q, `\`+q).Replace(text) + q
}

// query runs a statement and returns its whole answer in the format. Errors
// are the engine's own, beginning with "Code: N. DB::Exception:".
func (s *session) query(statement, format string, params map[string]string) ([]byte, error) {
	if err := s.checkSingle(statement); err != nil {
		return nil, err
	}
	names, values := parameters(params)
	defer names.keepAlive()
	defer values.keepAlive()
	text, textLen := address(statement)
	form, formLen := address(format)
	return s.take(s.lib.queryWithParams(*s.conn, text, textLen, form, formLen,
		names.first(), names.firstLength(), values.first(), values.firstLength(), uintptr(len(params))))
}

// checkSingle refuses several statements in one text, as ClickHouse does over
// HTTP. The library would run them all, and code that relies on it would fail
// in production.
func (s *session) checkSingle(statement string) error {
	text, textLen := address(statement)
	found := analysis{size: uint32(unsafe.Sizeof(analysis{}))}
	if s.lib.classifyQuery(*s.conn, text, textLen, nil, 0, &found) == 0 && found.statements > 1 {
		return errSeveral
	}
	return nil
}

func parameters(params map[string]string) (names, values cStrings) {
	for name, value := range params {
		names.add(name)
		values.add(value)
	}
	return names, values
}

// take copies a result into Go's memory and frees it.
func (s *session) take(result *handle) ([]byte, error) {
	if result == nil {
		return nil, errNoResult
	}
	defer s.lib.destroyQueryResult(result)
	if message := s.lib.resultError(result); message != "" {
		return nil, errors.New(message)
	}
	size := s.lib.resultLength(result)
	if size == 0 {
		return nil, nil
	}
	return bytes.Clone(contents(s.lib.resultBuffer(result), size)), nil
}

// insert runs an INSERT without FORMAT clause and feeds it with data in the
// format. If data cannot be read to its end, nothing is committed.
func (s *session) insert(statement, format string, params map[string]string, data io.Reader) error {
	names, values := parameters(params)
	defer names.keepAlive()
	defer values.keepAlive()
	text, textLen := address(statement)
	form, formLen := address(format)
	stream := s.lib.streamInsertWithParams(*s.conn, text, textLen, form, formLen,
		names.first(), names.firstLength(), values.first(), values.firstLength(), uintptr(len(params)))
	defer s.lib.destroyInsertStream(stream)
	if message := s.lib.streamInsertError(stream); message != "" {
		return errors.New(message)
	}
	if err := s.feed(stream, data); err != nil {
		s.lib.streamCancelInsert(stream)
		return err
	}
	_, err := s.take(s.lib.streamDone(stream))
	return err
}

func (s *session) feed(stream *handle, data io.Reader) error {
	buffer := make([]byte, 256<<10)
	for {
		n, err := data.Read(buffer)
		if n > 0 && s.lib.streamAppend(stream, &buffer[0], uintptr(n)) != 0 {
			return s.refusal(stream)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errBody(err)
		}
	}
}

// refusal is why a stream takes no more data: its end says so, or the stream itself.
func (s *session) refusal(stream *handle) error {
	if _, err := s.take(s.lib.streamDone(stream)); err != nil {
		return err
	}
	if message := s.lib.streamInsertError(stream); message != "" {
		return errors.New(message)
	}
	return errRefused
}
