package chdb

import (
	"encoding/binary"
	"strings"
)

// helloQuery is how clickhouse-go asks a server what it is.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// hello answers helloQuery so that all goes well afterwards. libchdb writes the
// Native format in its oldest revision, 0, only. The driver reads the answer to
// this one query in the newest revision it knows, and from then on in the
// revision that the answer names: so this answer is written in the new shape,
// and it says 0.
func hello(s *session) ([]byte, error) {
	facts, err := s.query("SELECT version(), timezone()", "TabSeparated", nil)
	if err != nil {
		return nil, err
	}
	version, zone, _ := strings.Cut(strings.TrimSpace(string(facts)), "\t")
	// A block begins with its info: 1 is_overflows=false, 2 bucket_num=-1, 0 end.
	block := []byte{1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0}
	block = append(block, 4, 1) // columns, rows
	block = appendColumn(block, "displayName()", "String", appendString(nil, "clickhouse"))
	block = appendColumn(block, "version()", "String", appendString(nil, version))
	block = appendColumn(block, "revision()", "UInt32", []byte{0, 0, 0, 0})
	block = appendColumn(block, "timezone()", "String", appendString(nil, zone))
	return block, nil
}

func appendColumn(block []byte, name, kind string, value []byte) []byte {
	block = appendString(block, name)
	block = appendString(block, kind)
	block = append(block, 0) // no custom serialization
	return append(block, value...)
}

func appendString(block []byte, text string) []byte {
	return append(binary.AppendUvarint(block, uint64(len(text))), text...)
}
