// Package secret holds values that must not be seen: passwords, tokens, keys.
package secret

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

const hidden = "[secret]"

// Text is a text that only Reveal shows: printed, logged or encoded it is
// "[secret]". It is held by pointer, so that even a printer that looks into
// unexported fields shows an address.
type Text struct{ value *string }

// New returns value as a secret.
func New(value string) Text { return Text{&value} }

// Reveal returns the text itself.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// String implements fmt.Stringer.
func (Text) String() string { return hidden }

// Format implements fmt.Formatter, for verbs that ask no Stringer.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON implements json.Marshaler.
func (Text) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }
