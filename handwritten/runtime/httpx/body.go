package httpx

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// readBody replaces r's body by one that was read in full, is within the limit
// and claims to be JSON, and returns it.
func readBody(w http.ResponseWriter, r *http.Request, maxBytes int64) ([]byte, error) {
	body, err := readAll(w, r, maxBytes)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, problem.New(415, "UNSUPPORTED_ENCODING", "Unsupported encoding", "send the body as it is, without Content-Encoding")
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, errContentType()
	}
	if !utf8.Valid(body) {
		return nil, invalidBody("NOT_UTF8", "is not UTF-8 text")
	}
	return body, nil
}

// keepRaw reads the body for Raw.
func keepRaw(w http.ResponseWriter, r *http.Request, maxBytes int64) error {
	body, err := readAll(w, r, maxBytes)
	x := exchangeOf(r.Context())
	x.raw, x.headers = body, r.Header
	return err
}

// Raw returns the body of the request as it came, byte for byte, and the
// headers, for operations that take them so: signatures are made over them.
func Raw(ctx context.Context) (body []byte, headers http.Header) {
	x := exchangeOf(ctx)
	return x.raw, x.headers
}

// readAll reads a body that is within the limit.
func readAll(w http.ResponseWriter, r *http.Request, maxBytes int64) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > maxBytes {
		return nil, errBodyTooLarge(maxBytes)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errBodyTooLarge(maxBytes)
	}
	if err != nil {
		return nil, problem.New(400, "BODY_CUT", "Body cut", "the request's body ended early, came too slowly or is not chunked as it says").Because(err)
	}
	return body, nil
}

func invalidBody(code, message string) error {
	return problem.Invalid(problem.FieldError{Pointer: "", Code: code, Message: message})
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && media == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}
