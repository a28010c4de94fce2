package httpx

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// readJSON replaces r's body by one that was read in full and found to be
// within the limits, so that no decoder meets what could exhaust it.
func readJSON(w http.ResponseWriter, r *http.Request, maxBytes int64, maxDepth int) error {
	if r.ContentLength == 0 || r.Body == http.NoBody {
		return nil
	}
	if r.ContentLength > maxBytes {
		return errBodyTooLarge(maxBytes)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errBodyTooLarge(maxBytes)
	}
	if err != nil {
		return problem.New(400, "BODY_CUT", "Body cut", "the request's body ended early").Because(err)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		return nil
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return errContentType()
	}
	if !utf8.Valid(body) {
		return invalidBody("NOT_UTF8", "is not UTF-8 text")
	}
	if deeperThan(body, maxDepth) {
		return invalidBody("TOO_DEEP", "is nested deeper than this API reads")
	}
	return nil
}

func invalidBody(code, message string) error {
	return problem.Invalid(problem.FieldError{Pointer: "", Code: code, Message: message})
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && media == "application/json" && (charset == "" || charset == "utf-8" || charset == "UTF-8")
}

// deeperThan reports whether text opens more than limit arrays and objects at
// once. It need not be valid JSON; the decoder finds that out.
func deeperThan(text []byte, limit int) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
