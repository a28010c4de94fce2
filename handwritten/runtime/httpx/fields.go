package httpx

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ogen-go/ogen/ogenerrors"
	"github.com/ogen-go/ogen/validate"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// fieldErrors turns an error of ogen's decoders and validators into pointers
// and messages that name no Go type.
func fieldErrors(err error) []problem.FieldError {
	var param *ogenerrors.DecodeParamError
	if errors.As(err, &param) {
		return below(string(param.In)+"/"+param.Name, param.Err)
	}
	if errors.Is(err, validate.ErrBodyRequired) {
		return []problem.FieldError{{Pointer: "", Code: "REQUIRED", Message: "the request needs a JSON body"}}
	}
	return below("", err)
}

// below lists what is wrong with the value at pointer.
func below(pointer string, err error) []problem.FieldError {
	var invalid *validate.Error
	if !errors.As(err, &invalid) {
		code, message := explain(err)
		return []problem.FieldError{{Pointer: pointer + decodePath(err.Error()), Code: code, Message: message}}
	}
	pointer += decodePath(strings.TrimSuffix(err.Error(), invalid.Error()))
	var all []problem.FieldError
	for _, f := range invalid.Fields {
		all = append(all, below(pointer+"/"+token(f.Name), f.Error)...)
	}
	return all
}

// ogen's decoders tell where they are only in the text of their errors.
var decodeStep = regexp.MustCompile(`decode field ("(?:[^"\\]|\\.)*")`)

func decodePath(text string) (pointer string) {
	for _, m := range decodeStep.FindAllStringSubmatch(text, -1) {
		name, err := strconv.Unquote(m[1])
		if err != nil {
			return pointer
		}
		pointer += "/" + token(name)
	}
	return pointer
}

// token escapes a name for a JSON Pointer; ogen writes an array's index as [3].
func token(name string) string {
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		name = name[1 : len(name)-1]
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func explain(err error) (code, message string) {
	var (
		short     *validate.MinLengthError
		long      *validate.MaxLengthError
		pattern   *validate.NoRegexMatchError
		duplicate *validate.DuplicateItemsError
	)
	switch {
	case errors.Is(err, validate.ErrFieldRequired):
		return "REQUIRED", "is required"
	case errors.As(err, &short):
		return "TOO_SHORT", fmt.Sprintf("has length %d, the least is %d", short.Len, short.MinLength)
	case errors.As(err, &long):
		return "TOO_LONG", fmt.Sprintf("has length %d, the most is %d", long.Len, long.MaxLength)
	case errors.As(err, &pattern):
		return "PATTERN", "does not match " + pattern.Pattern.String()
	case errors.As(err, &duplicate):
		return "DUPLICATE_ITEMS", "has the same item more than once"
	}
	return "INVALID", "is not what the API description says: wrong type, form or range, or the JSON is broken here"
}
