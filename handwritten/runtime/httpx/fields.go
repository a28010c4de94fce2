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
		return []problem.FieldError{decodePlace(pointer, err.Error()).field(err)}
	}
	at := decodePlace(pointer, strings.TrimSuffix(err.Error(), invalid.Error()))
	var all []problem.FieldError
	for _, f := range invalid.Fields {
		inner := at.step(f.Name)
		if inner.inItem {
			all = append(all, inner.field(f.Error))
			continue
		}
		all = append(all, below(inner.pointer, f.Error)...)
	}
	return all
}

// place is where in a body something is wrong. ogen's decoders do not tell an
// array's index: then pointer ends at the array, and item goes on in one of its items.
type place struct {
	pointer string
	inItem  bool
	item    string
}

func (p place) step(name string) place {
	if p.inItem {
		p.item += "/" + token(name)
	} else {
		p.pointer += "/" + token(name)
	}
	return p
}

func (p place) field(err error) problem.FieldError {
	code, message := explain(err)
	if p.item != "" {
		message = p.item + " " + message
	}
	if p.inItem {
		message = "in an item: " + message
	}
	return problem.FieldError{Pointer: p.pointer, Code: code, Message: message}
}

// Only the text of a decoder's error tells where it was. In an array the
// callback follows the field directly, in an object the name of its type.
var decodeStep = regexp.MustCompile(`decode field ("(?:[^"\\]|\\.)*")(: callback: )?`)

func decodePlace(pointer, text string) place {
	at := place{pointer: pointer}
	for _, m := range decodeStep.FindAllStringSubmatch(text, -1) {
		name, err := strconv.Unquote(m[1])
		if err != nil {
			return at
		}
		at = at.step(name)
		at.inItem = at.inItem || m[2] != ""
	}
	return at
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
	text := err.Error()
	if m := outOfRange.FindStringSubmatch(text); m != nil {
		return "OUT_OF_RANGE", "is " + m[1]
	}
	switch {
	case strings.Contains(text, "duplicate element"):
		return "DUPLICATE_ITEMS", "has the same item more than once"
	case strings.Contains(text, "invalid value"):
		return "UNKNOWN_VALUE", "is not one of the values that the API description lists"
	case strings.Contains(text, "invalid UUID"):
		return "INVALID", "is no UUID"
	}
	return "INVALID", "is not what the API description says: wrong type or form, or the JSON is broken here"
}

// Validators tell some things only in the text of their errors. What the client
// sent is left out of the messages: they may be logged.
var outOfRange = regexp.MustCompile(`value \S+ ((?:less|greater) than .*)$`)
