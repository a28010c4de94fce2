package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	ht "github.com/ogen-go/ogen/http"
	"github.com/ogen-go/ogen/ogenerrors"
	"github.com/ogen-go/ogen/validate"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Problem is what a client is told of an error: RFC 9457 problem details with a
// stable code, a trace id for support, and pointers to the parts that are wrong.
type Problem struct {
	Type     string               `json:"type"`
	Title    string               `json:"title"`
	Status   int                  `json:"status"`
	Code     string               `json:"code"`
	Detail   string               `json:"detail"`
	Instance string               `json:"instance"`
	TraceID  string               `json:"trace_id"`
	Errors   []problem.FieldError `json:"errors"`
}

// ProblemOf says what a client may know of err. What it may not know goes to the access log.
func ProblemOf(ctx context.Context, err error) Problem {
	x := exchangeOf(ctx)
	e := refusal(err)
	x.cause = err
	if len(e.Fields) > 0 && e.Cause == nil {
		x.cause = fmt.Errorf("%s: %v", e.Code, e.Fields) // the error itself may quote what the client sent
	}
	x.retryLater = e.Status == http.StatusServiceUnavailable || e.Code == problem.KeyInFlight().Code || e.Code == problem.Conflict().Code
	if later, ok := errors.AsType[waiting](err); ok && x.answer != nil {
		x.answer.Set("Retry-After", strconv.Itoa(int(later.RetryAfter().Seconds())+1))
	}
	p := Problem{
		Type:  "urn:oksai:problem:" + strings.ReplaceAll(strings.ToLower(e.Code), "_", "-"),
		Title: e.Title, Status: e.Status, Code: e.Code, Detail: e.Detail,
		Instance: "urn:uuid:" + x.id.String(), TraceID: x.traceID, Errors: e.Fields,
	}
	if p.Errors == nil {
		p.Errors = []problem.FieldError{} // a list in every problem
	}
	return p
}

// waiting is an error that says when the request may be sent again.
type waiting interface {
	error
	RetryAfter() time.Duration
}

// refusal maps every error to one that may be shown.
func refusal(err error) *problem.Error {
	var known *problem.Error
	var tooLarge *http.MaxBytesError
	var contentType *validate.InvalidContentTypeError
	var params *ogenerrors.DecodeParamsError
	var request *ogenerrors.DecodeRequestError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, ogenerrors.ErrSecurityRequirementIsNotSatisfied):
		return errNoToken()
	case errors.As(err, &tooLarge):
		return errBodyTooLarge(tooLarge.Limit)
	case errors.As(err, &contentType):
		return errContentType()
	case errors.Is(err, context.DeadlineExceeded):
		return problem.New(503, "TIMEOUT", "Took too long", "the request took too long and was given up; retry, a command with the same Idempotency-Key")
	case errors.Is(err, context.Canceled):
		return problem.New(499, "CLIENT_GONE", "Client gone", "the client ended the request")
	case errors.As(err, &params), errors.As(err, &request):
		return problem.Invalid(fieldErrors(err)...)
	case errors.Is(err, ht.ErrNotImplemented):
		return problem.New(501, "NOT_IMPLEMENTED", "Not implemented", "this operation is described but not available in this version")
	}
	return errInternal()
}

func errInternal() *problem.Error {
	return problem.New(500, "INTERNAL", "Internal error", "something went wrong on our side; give the trace id to support")
}

func errBodyTooLarge(limit int64) *problem.Error {
	return problem.New(413, "BODY_TOO_LARGE", "Body too large", "the request's body has more than the allowed %d bytes", limit)
}

func errContentType() *problem.Error {
	return problem.New(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type", "send the body as Content-Type: application/json")
}

const problemType = "application/problem+json"

// WriteProblem answers a request with err, as far as the client may know it.
func WriteProblem(ctx context.Context, w http.ResponseWriter, err error) {
	p := ProblemOf(ctx, err)
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.json()) // a client that is gone cannot be told
}

func (p Problem) json() []byte {
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	return append(body, '\n')
}

// ErrorHandler answers for ogen what fails before the handler is called.
func ErrorHandler(ctx context.Context, w http.ResponseWriter, _ *http.Request, err error) {
	WriteProblem(ctx, w, err)
}

// NotFound answers for ogen a path that no operation has.
func NotFound(w http.ResponseWriter, r *http.Request) {
	WriteProblem(r.Context(), w, problem.New(404, "NO_SUCH_PATH", "No such path", "this API has no such path; see /docs"))
}

// MethodNotAllowed answers for ogen a path that exists with other methods; allowed lists them.
func MethodNotAllowed(w http.ResponseWriter, r *http.Request, allowed string) {
	w.Header().Set("Allow", allowed)
	WriteProblem(r.Context(), w, problem.New(405, "METHOD_NOT_ALLOWED", "Method not allowed", "this path allows only %s", allowed))
}
