package authn

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// unambiguous refuses a part of a token that two readers could understand in two
// ways: RFC 7519 asks for one JSON object (a nested token is none), in UTF-8, in
// which no name comes twice.
func unambiguous(raw []byte) error {
	if !utf8.Valid(raw) {
		return errors.New("is not UTF-8")
	}
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return errors.New("is not an object")
	}
	return uniqueNames(jx.DecodeBytes(raw))
}

func uniqueNames(d *jx.Decoder) error {
	switch d.Next() {
	case jx.Object:
		seen := map[string]bool{}
		return d.Obj(func(d *jx.Decoder, name string) error {
			if seen[name] {
				return errors.New("has a name twice")
			}
			seen[name] = true
			return uniqueNames(d)
		})
	case jx.Array:
		return d.Arr(uniqueNames)
	}
	return d.Skip()
}

// strict is unambiguous for the header and the claims of a token. What its error
// says is ours alone: a log must not repeat a token.
func strict(parts [3][]byte) error {
	for i, what := range []string{"header", "payload"} {
		if err := unambiguous(parts[i]); err != nil {
			return fmt.Errorf("the token's %s %w", what, err)
		}
	}
	return nil
}

// isName tells whether a text can name somebody or something. Names are stored,
// where NUL cannot be, and get into logs, where a line break would begin a line.
func isName(text string) bool {
	return text != "" && len(text) <= maxNameBytes && !strings.ContainsFunc(text, unicode.IsControl)
}
