package chdb

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// request is what a request's address says.
type request struct {
	statement  string            // its first part; the rest, or the data, is in the body
	database   string            // "" for the default one
	format     string            // of the answer, unless the statement names one
	revision   int               // of the Native format that the client wants
	compressed bool              // in either direction
	params     map[string]string // values for {name:Type} in the statement
	settings   map[string]string // everything ClickHouse has no other meaning for
}

func parseRequest(r *http.Request) request {
	q := request{format: "TabSeparated", params: map[string]string{}, settings: map[string]string{}}
	q.database = r.Header.Get("X-ClickHouse-Database")
	q.compressed = r.Header.Get("Content-Encoding") != ""
	for name, values := range r.URL.Query() {
		value := values[0]
		switch name {
		case "query":
			q.statement = value
		case "database":
			q.database = value
		case "default_format":
			q.format = value
		case "client_protocol_version":
			q.revision, _ = strconv.Atoi(value) // anything else is as good as none
		case "compress", "decompress":
			q.compressed = q.compressed || value == "1"
		case "user", "password", "query_id", "quota_key", "wait_end_of_query", "buffer_size":
			// Answers are always complete before they are sent; the rest has no meaning for one account.
		default:
			if param, ok := strings.CutPrefix(name, "param_"); ok {
				q.params[param] = value
			} else {
				q.settings[name] = value
			}
		}
	}
	return q
}

// insertWithFormat is an INSERT whose rows come in the request's body.
var insertWithFormat = regexp.MustCompile(`(?is)^\s*(INSERT\s+INTO\s.*?)\s+FORMAT\s+(\w+)\s*;?\s*$`)

// splitInsert takes the FORMAT clause off an INSERT.
func splitInsert(statement string) (insert, format string, ok bool) {
	found := insertWithFormat.FindStringSubmatch(statement)
	if found == nil {
		return "", "", false
	}
	return found[1], found[2], true
}
