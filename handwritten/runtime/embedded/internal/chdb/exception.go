package chdb

import (
	"fmt"
	"net/http"
	"regexp"
)

// exception is an error of our own in the form that the engine's errors have.
// The codes and names are ClickHouse's.
type exception struct {
	code int
	name string
	text string
}

func (e exception) Error() string {
	return fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", e.code, e.text, e.name)
}

var (
	errCompressed   = exception{48, "NOT_IMPLEMENTED", "the embedded engine does not compress, connect without compression"}
	errSeveral      = exception{62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)"}
	errNoConnection = exception{210, "NETWORK_ERROR", "the engine opens no connection"}
	errWrongAccount = exception{516, "AUTHENTICATION_FAILED", "Authentication failed: password is incorrect, or there is no user with such name"}
	errNoResult     = exception{1002, "UNKNOWN_EXCEPTION", "the engine gave no result"}
	errRefused      = exception{1002, "UNKNOWN_EXCEPTION", "the engine refused the data"}
)

// errBody says that the request's body could not be read.
func errBody(err error) error {
	return exception{1000, "POCO_EXCEPTION", "the request's body ended early: " + err.Error()}
}

// exceptionCode finds the number in the text of an exception.
var exceptionCode = regexp.MustCompile(`^Code: (\d+)\.`)

func writeException(w http.ResponseWriter, status int, err error) {
	if found := exceptionCode.FindStringSubmatch(err.Error()); found != nil {
		w.Header().Set("X-ClickHouse-Exception-Code", found[1])
	}
	http.Error(w, err.Error(), status)
}
