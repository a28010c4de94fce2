package httpx_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/httpx"
)

// start runs the server until the test ends, and returns its address.
func start(t *testing.T, s *httpx.Server) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	address, err := s.Address(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// TestWhatIsNoRequestGetsAProblemToo: clients see one form of errors, whoever found them.
func TestWhatIsNoRequestGetsAProblemToo(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{HeaderLimit: 4096}, shop())
	address := start(t, s)
	for raw, want := range map[string]struct {
		status int
		code   string
	}{
		"nonsense\r\n\r\n":                                                                                                    {400, "MALFORMED_REQUEST"},
		"GET /orders HTTP/1.1\r\n\r\n":                                                                                        {400, "MALFORMED_REQUEST"},
		"GET /orders HTTP/1.1\r\nHost: a\r\nBad Header: 1\r\n\r\n":                                                            {400, "MALFORMED_REQUEST"},
		"GET /orders HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n":                                                                {400, "MALFORMED_REQUEST"},
		"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n":                                                                                {400, "MALFORMED_REQUEST"},
		"GET /orders HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 20_000) + "\r\n\r\n":                                   {431, "HEADERS_TOO_LARGE"},
		"POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n":                                                 {501, "UNSUPPORTED_TRANSFER_ENCODING"},
		"GET /orders HTTP/3.0\r\nHost: a\r\n\r\n":                                                                             {505, "UNSUPPORTED_HTTP_VERSION"},
		"POST /orders HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n{}":                                      {417, "EXPECTATION_FAILED"},
		"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}":                                {400, "MALFORMED_REQUEST"},
		"POST /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer test\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n": {400, "BODY_CUT"},
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n":                                                                               {405, "METHOD_NOT_ALLOWED"},
		"GET /orders HTTP/1.0\r\nAuthorization: Bearer test\r\n\r\n":                                                          {200, ""},
		"POST /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer test\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}": {100, ""},
	} {
		t.Run(raw[:min(len(raw), 40)], func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, raw); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != want.status {
				t.Fatalf("%s, want %d", resp.Status, want.status)
			}
			if want.code == "" {
				return
			}
			var p httpx.Problem
			err = json.NewDecoder(resp.Body).Decode(&p)
			if err != nil || p.Code != want.code || p.Status != want.status || p.TraceID == "" || resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%v %v %+v, want %s", err, resp.Header, p, want.code)
			}
		})
	}
}
