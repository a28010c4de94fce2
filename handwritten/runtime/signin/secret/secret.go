// Package secret keeps passwords, tokens and keys out of whatever is printed.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a text that is shown to nobody by accident: printed, logged or
// encoded in any way it is "[redacted]".
type Text struct {
	// A pointer, because fmt prints what lies in unexported fields of other
	// structs without asking our methods; of a pointer it shows the address.
	text *string
}

// New wraps text.
func New(text string) Text { return Text{&text} }

// Reveal returns the text itself; "" of the zero Text.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// String implements fmt.Stringer.
func (Text) String() string { return redacted }

// Format implements fmt.Formatter, for every verb.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, and so covers JSON, too.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
