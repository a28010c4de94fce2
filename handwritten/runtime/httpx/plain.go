package httpx

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// What net/http cannot read as a request it answers by itself, before any
// handler, as plain text or with nothing. Such an answer is one write that
// begins as no handler's does, so the connection can put a problem in its place.

const (
	plainHeaders = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	expectation  = "417 Expectation Failed"
)

// problemListener accepts connections on which every refusal is a problem.
type problemListener struct{ net.Listener }

func (l problemListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return problemConn{tcp}, err
	}
	return c, err
}

// problemConn is still a TCP connection, half of which net/http closes so that a refusal is read.
type problemConn struct{ *net.TCPConn }

func (c problemConn) Write(b []byte) (int, error) {
	line, rest, _ := bytes.Cut(b, []byte("\r\n"))
	status, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || !bytes.HasPrefix(rest, []byte(plainHeaders)) && string(status) != expectation {
		return c.TCPConn.Write(b)
	}
	if _, err := c.TCPConn.Write(unreadable(string(status))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// unreadable is a whole answer in place of net/http's; status is like
// "400 Bad Request: missing required Host header".
func unreadable(status string) []byte {
	number, text, _ := strings.Cut(status, " ")
	code, err := strconv.Atoi(number)
	if err != nil {
		code = http.StatusBadRequest
	}
	_, why, _ := strings.Cut(text, ": ")
	x := newExchange(&http.Request{}, nil)
	body := ProblemOf(context.WithValue(context.Background(), exchangeKey{}, x), refused(code, why)).json()
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s: %s\r\nConnection: close\r\n\r\n%s",
		code, http.StatusText(code), problemType, len(body), RequestIDHeader, x.id, body)
}

func refused(code int, why string) error {
	switch code {
	case http.StatusExpectationFailed:
		return problem.New(code, "EXPECTATION_FAILED", "Expectation failed", "Expect can only be 100-continue")
	case http.StatusRequestHeaderFieldsTooLarge:
		return problem.New(code, "HEADERS_TOO_LARGE", "Headers too large", "the request's headers are larger than this server reads")
	case http.StatusNotImplemented:
		return problem.New(code, "UNSUPPORTED_TRANSFER_ENCODING", "Unsupported transfer encoding", "Transfer-Encoding can only be chunked")
	case http.StatusHTTPVersionNotSupported:
		return problem.New(code, "UNSUPPORTED_HTTP_VERSION", "Unsupported HTTP version", "speak HTTP/1.1")
	}
	detail := "this is not an HTTP/1.1 request"
	if why != "" {
		detail += ": " + why
	}
	return problem.New(code, "MALFORMED_REQUEST", "Malformed request", "%s", detail)
}
