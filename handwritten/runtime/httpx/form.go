package httpx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"

	"github.com/go-faster/jx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// Forms are the JSON objects that bodies of a module's requests are made of, by
// name: for each field the form of the objects in it, itself or as items of its
// lists, and "" where there are none. AnyField stands for the keys of a map.
type Forms map[string]map[string]string

// AnyField is the one entry of a form that takes every name.
const AnyField = "*"

// maxFound bounds how many mistakes in one body are told.
const maxFound = 20

// checkBody refuses what decoders pass over in silence or could be exhausted
// by: unknown and repeated fields, texts that cannot be stored, and depth.
func (f Forms) checkBody(body []byte, form string, maxDepth int) error {
	d, c := jx.DecodeBytes(body), &bodyCheck{forms: f, maxDepth: maxDepth}
	err := c.value(d, form)
	if err == nil && d.Skip() != io.EOF {
		err = errTrailing
	}
	if err != nil && !errors.Is(err, errEnough) {
		c.tell("BROKEN_JSON", "is not JSON from here on")
	}
	if len(c.found) > 0 {
		return problem.Invalid(c.found...)
	}
	return nil
}

var (
	errEnough   = errors.New("there is no use in reading on")
	errTrailing = errors.New("there is more than one value")
)

// bodyCheck walks through one body; path is where it is.
type bodyCheck struct {
	forms    Forms
	maxDepth int
	path     []string
	found    []problem.FieldError
}

func (c *bodyCheck) value(d *jx.Decoder, form string) error {
	switch d.Next() {
	case jx.Object:
		return c.object(d, form)
	case jx.Array:
		return c.array(d, form)
	case jx.String:
		raw, err := d.Raw()
		if err != nil {
			return err
		}
		if why := unstorable(raw); why != "" {
			return c.tell("NOT_TEXT", why)
		}
		return nil
	default:
		return d.Skip()
	}
}

func (c *bodyCheck) object(d *jx.Decoder, form string) error {
	fields, closed := c.forms[form]
	seen := map[string]bool{}
	return c.deeper(func() error {
		return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
			name := string(key)
			inner, known := fields[name]
			if every, isMap := fields[AnyField]; isMap {
				inner, known = every, true
			}
			return c.in(name, func() error { return c.field(d, inner, known || !closed, seen, fields) })
		})
	})
}

// field checks one member; the last step of the path is its name.
func (c *bodyCheck) field(d *jx.Decoder, form string, known bool, seen map[string]bool, fields map[string]string) error {
	name := c.path[len(c.path)-1]
	var err error
	switch {
	case !known:
		err = c.tell("UNKNOWN_FIELD", "is not a field that this operation takes"+meant(name, maps.Keys(fields)))
	case seen[name]:
		err = c.tell("REPEATED_FIELD", "comes more than once")
	case strings.ContainsRune(name, 0):
		err = c.tell("NOT_TEXT", "has the character NUL in its name, which cannot be stored")
	}
	if err != nil {
		return err
	}
	seen[name] = true
	return c.value(d, form)
}

func (c *bodyCheck) array(d *jx.Decoder, form string) error {
	i := -1
	return c.deeper(func() error {
		return d.Arr(func(d *jx.Decoder) error {
			i++
			return c.in(strconv.Itoa(i), func() error { return c.value(d, form) })
		})
	})
}

// deeper reads an object or array, whose members are one level below.
func (c *bodyCheck) deeper(read func() error) error {
	if len(c.path) >= c.maxDepth {
		_ = c.tell("TOO_DEEP", "is nested deeper than this API reads")
		return errEnough
	}
	return read()
}

// in leaves the path at the place of the first error that ends the reading.
func (c *bodyCheck) in(step string, read func() error) error {
	c.path = append(c.path, step)
	if err := read(); err != nil {
		return err
	}
	c.path = c.path[:len(c.path)-1]
	return nil
}

// tell notes a mistake at the path, and ends the reading after too many.
func (c *bodyCheck) tell(code, message string) error {
	var pointer strings.Builder
	for _, step := range c.path {
		pointer.WriteString("/" + token(step))
	}
	c.found = append(c.found, problem.FieldError{Pointer: shortened(pointer.String()), Code: code, Message: message})
	if len(c.found) == maxFound {
		return errEnough
	}
	return nil
}

// unstorable tells why a JSON string, in quotes and valid, is no text that
// databases keep; "" if it is one.
func unstorable(raw []byte) string {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return ""
		}
		raw = raw[i+1:]
		if raw[0] != 'u' {
			raw = raw[1:]
			continue
		}
		switch unit := escaped(raw); {
		case unit == 0:
			return "has the character NUL, which cannot be stored"
		case unit >= 0xDC00 && unit < 0xE000, unit >= 0xD800 && unit < 0xDC00 && !lowFollows(raw[5:]):
			return fmt.Sprintf("has half of a character, \\u%04x", unit)
		case unit >= 0xD800 && unit < 0xDC00:
			raw = raw[6:]
		}
		raw = raw[5:]
	}
}

func lowFollows(raw []byte) bool {
	low := bytes.HasPrefix(raw, []byte(`\u`))
	return low && escaped(raw[1:]) >= 0xDC00 && escaped(raw[1:]) < 0xE000
}

// escaped is the number of an escape that begins with u; valid JSON has four digits there.
func escaped(raw []byte) uint64 {
	unit, err := strconv.ParseUint(string(raw[1:5]), 16, 16)
	if err != nil {
		return 0
	}
	return unit
}
