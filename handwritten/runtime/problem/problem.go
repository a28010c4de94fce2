// Package problem is the one form in which a client is told that something went
// wrong: RFC 9457 problem details with a stable machine-readable code.
package problem

import "fmt"

// FieldError points at one part of the request that is wrong.
type FieldError struct {
	// Pointer is a JSON Pointer (RFC 6901) into the body, or "query/limit", "header/If-Match", ….
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is an error that may be shown to a client as it stands.
type Error struct {
	Status int    // HTTP status
	Code   string // UPPER_SNAKE, stable
	Title  string // the same for every occurrence of Code
	Detail string // what happened this time and what to do
	Fields []FieldError
	// Cause is logged, never shown.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Cause)
	}
	return e.Code + ": " + e.Detail
}

func (e *Error) Unwrap() error { return e.Cause }

// New returns an error with a formatted detail.
func New(status int, code, title, detail string, args ...any) *Error {
	return &Error{Status: status, Code: code, Title: title, Detail: fmt.Sprintf(detail, args...)}
}

// Because records the cause, for the log only.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}
