package chdb

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// handle is something the library gave us; only its address means anything.
type handle struct{ _ uintptr }

// analysis is what the engine's parser says of a text. Its layout is the library's.
type analysis struct {
	size       uint32 // of this struct; the library fills no more
	statements uint32
	_, _       uint32
}

// library holds the functions of libchdb.so that are used here, by their C names.
type library struct {
	setSignalHandlersEnabled func(int32)
	connect                  func(argc int32, argv **byte) **handle
	closeConn                func(**handle)

	classifyQuery   func(conn *handle, query *byte, queryLen uintptr, database *byte, databaseLen uintptr, result *analysis) int32
	queryWithParams func(conn *handle, query *byte, queryLen uintptr, format *byte, formatLen uintptr,
		names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) *handle
	resultBuffer       func(*handle) *byte
	resultLength       func(*handle) uintptr
	resultError        func(*handle) string
	destroyQueryResult func(*handle)

	streamInsertWithParams func(conn *handle, query *byte, queryLen uintptr, format *byte, formatLen uintptr,
		names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, count uintptr) *handle
	streamAppend        func(stream *handle, data *byte, size uintptr) int32
	streamDone          func(*handle) *handle
	streamCancelInsert  func(*handle)
	streamInsertError   func(*handle) string
	destroyInsertStream func(*handle)
}

// loadLibrary loads libchdb.so without cgo.
func loadLibrary(path string) (*library, error) {
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	l := &library{}
	for name, function := range map[string]any{
		"chdb_set_signal_handlers_enabled": &l.setSignalHandlersEnabled,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_classify_query_n":            &l.classifyQuery,
		"chdb_query_with_params_n":         &l.queryWithParams,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_destroy_query_result":        &l.destroyQueryResult,
		"chdb_stream_insert_with_params_n": &l.streamInsertWithParams,
		"chdb_stream_append":               &l.streamAppend,
		"chdb_stream_done":                 &l.streamDone,
		"chdb_stream_cancel_insert":        &l.streamCancelInsert,
		"chdb_stream_insert_error":         &l.streamInsertError,
		"chdb_destroy_insert_stream":       &l.destroyInsertStream,
	} {
		address, err := purego.Dlsym(lib, name)
		if err != nil {
			return nil, fmt.Errorf("%s has no %s, another version of it is needed: %w", path, name, err)
		}
		purego.RegisterFunc(function, address)
	}
	return l, nil
}

// cStrings are strings as C wants them: an array of addresses and one of lengths.
type cStrings struct {
	addresses []*byte
	lengths   []uintptr
}

func (s *cStrings) add(text string) {
	zeroed := append([]byte(text), 0)
	s.addresses = append(s.addresses, &zeroed[0])
	s.lengths = append(s.lengths, uintptr(len(text)))
}

func (s *cStrings) first() **byte           { return unsafe.SliceData(s.addresses) }
func (s *cStrings) firstLength() *uintptr   { return unsafe.SliceData(s.lengths) }
func (s *cStrings) keepAlive()              { runtime.KeepAlive(s) }
func address(text string) (*byte, uintptr)  { return unsafe.StringData(text), uintptr(len(text)) }
func contents(from *byte, n uintptr) []byte { return unsafe.Slice(from, n) }
