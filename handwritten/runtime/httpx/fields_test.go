package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	ferrors "github.com/go-faster/errors"
	"github.com/ogen-go/ogen/ogenerrors"
	"github.com/ogen-go/ogen/ogenregex"
	"github.com/ogen-go/ogen/validate"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// wrap nests an error as ogen's generated code does; the last step is the outermost.
func wrap(err error, steps ...string) error {
	for _, step := range steps {
		err = ferrors.Wrap(err, step)
	}
	return err
}

func decoding(err error) error {
	return &ogenerrors.DecodeRequestError{Err: &ogenerrors.DecodeBodyError{ContentType: "application/json", Body: []byte("secret"), Err: err}}
}

func fields(name string, err error) *validate.Error {
	return &validate.Error{Fields: []validate.FieldError{{Name: name, Error: err}}}
}

func TestOgenErrorsBecomePointers(t *testing.T) {
	t.Parallel()
	syntax := errors.New(`unexpected byte 49 'secret' at 9`)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"required":             {decoding(wrap(fields("title", validate.ErrFieldRequired), "decode Input")), "/title REQUIRED"},
		"wrong type":           {decoding(wrap(syntax, `decode field "title"`, "callback", "decode Input")), "/title INVALID"},
		"in a nested object":   {decoding(wrap(fields("zip", validate.ErrFieldRequired), "decode Address", `decode field "to"`, "callback", "decode Input")), "/to/zip REQUIRED"},
		"in a map":             {decoding(wrap(fields("count", validate.ErrFieldRequired), `decode field "a/b~"`, "callback", "decode InputMeta", `decode field "meta"`, "callback", "decode Input")), "/meta/a~1b~0/count REQUIRED"},
		"in an array's item":   {decoding(wrap(syntax, `decode field "count"`, "callback", "decode Line", "callback", `decode field "lines"`, "callback", "decode Input")), "/lines INVALID in an item: /count is not"},
		"array item's missing": {decoding(wrap(fields("count", validate.ErrFieldRequired), "callback", `decode field "lines"`, "callback", "decode Input")), "/lines REQUIRED in an item: /count is required"},
		"scalar item":          {decoding(wrap(syntax, "callback", `decode field "tags"`, "callback", "decode Input")), "/tags INVALID in an item: is not"},
		"broken JSON":          {decoding(wrap(errors.New("unexpected EOF"), "field name", "decode Input")), " INVALID"},
		"no body":              {&ogenerrors.DecodeRequestError{Err: validate.ErrBodyRequired}, " REQUIRED"},
		"too short":            {&ogenerrors.DecodeRequestError{Err: wrap(fields("title", wrap(&validate.MinLengthError{Len: 0, MinLength: 1}, "string")), "validate")}, "/title TOO_SHORT has length 0, the least is 1"},
		"too long":             {&ogenerrors.DecodeRequestError{Err: wrap(fields("title", wrap(&validate.MaxLengthError{Len: 3, MaxLength: 2}, "string")), "validate")}, "/title TOO_LONG has length 3, the most is 2"},
		"pattern":              {&ogenerrors.DecodeRequestError{Err: wrap(fields("sku", wrap(&validate.NoRegexMatchError{Pattern: ogenregex.MustCompile("^a$")}, "string")), "validate")}, "/sku PATTERN does not match ^a$"},
		"range in an item":     {&ogenerrors.DecodeRequestError{Err: wrap(fields("lines", fields("[2]", fields("count", errors.New("int: value 0 less than 1")))), "validate")}, "/lines/2/count OUT_OF_RANGE is less than 1"},
		"enum":                 {&ogenerrors.DecodeRequestError{Err: wrap(fields("priority", errors.New("invalid value: secret")), "validate")}, "/priority UNKNOWN_VALUE"},
		"duplicates":           {&ogenerrors.DecodeRequestError{Err: wrap(fields("tags", errors.New("array: duplicate element [0] secret")), "validate")}, "/tags DUPLICATE_ITEMS"},
		"id in the path":       {&ogenerrors.DecodeParamsError{Err: &ogenerrors.DecodeParamError{Name: "id", In: "path", Err: errors.New("invalid UUID length: 4")}}, "path/id INVALID is no UUID"},
		"query parameter":      {&ogenerrors.DecodeParamsError{Err: &ogenerrors.DecodeParamError{Name: "limit", In: "query", Err: errors.New(`strconv.Atoi: parsing "secret": invalid syntax`)}}, "query/limit INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, log := newServer(t, httpx.Config{}, module("m", map[string]http.HandlerFunc{
				"GET /": func(w http.ResponseWriter, r *http.Request) { httpx.ErrorHandler(r.Context(), w, r, c.err) },
			}))
			p := wantProblem(t, do(t, s, request("GET", "/", "", "")), 400, "INVALID_REQUEST")
			if len(p.Errors) != 1 {
				t.Fatalf("errors %+v, want one", p.Errors)
			}
			if got := fmt.Sprintf("%s %s %s", p.Errors[0].Pointer, p.Errors[0].Code, p.Errors[0].Message); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s…", got, c.want)
			}
			if strings.Contains(log.String(), "secret") {
				t.Errorf("what the client sent is in the log: %s", log)
			}
		})
	}
}

func TestErrorsAndTheirStatus(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"wrapped problem":    {fmt.Errorf("execute: %w", problem.NotFound("Job")), 404, "NOT_FOUND"},
		"security, problem":  {&ogenerrors.SecurityError{Err: problem.Forbidden("no")}, 403, "FORBIDDEN"},
		"security, nothing":  {&ogenerrors.SecurityError{Err: ogenerrors.ErrSecurityRequirementIsNotSatisfied}, 401, "UNAUTHORIZED"},
		"security, internal": {&ogenerrors.SecurityError{Err: errors.New("no rule")}, 500, "INTERNAL"},
		"content type":       {&ogenerrors.DecodeRequestError{Err: validate.InvalidContentType("text/xml")}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"body too large":     {&ogenerrors.DecodeRequestError{Err: &http.MaxBytesError{Limit: 5}}, 413, "BODY_TOO_LARGE"},
		"deadline":           {fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "TIMEOUT"},
		"cancelled":          {fmt.Errorf("query: %w", context.Canceled), 499, "CLIENT_GONE"},
		"anything else":      {errors.New("pq: password"), 500, "INTERNAL"},
	} {
		p := httpx.ProblemOf(context.Background(), c.err)
		if p.Status != c.status || p.Code != c.code || strings.Contains(p.Detail, "password") || p.Errors == nil {
			t.Errorf("%s: %+v, want %d %s", name, p, c.status, c.code)
		}
	}
}
