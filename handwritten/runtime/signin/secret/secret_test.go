package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/signin/secret"
)

const hidden = "correct horse"

// form has the secret where fmt asks for its methods, and where it does not.
type form struct {
	Password secret.Text
	inner    secret.Text
	list     []secret.Text
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	s := secret.New(hidden)
	f := form{s, s, []secret.Text{s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", s, &s, f)
	}
	fmt.Fprintln(&out, fmt.Errorf("sign in with %v: %w", f, errors.New(s.String())))
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("hello", "secret", s, "form", f, "pointer", &s)
	}
	for _, v := range []any{s, &s, f, map[string]any{"a": f}} {
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, leak := range []string{hidden, fmt.Sprintf("%x", hidden)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret shows: %s", out.String())
		}
	}
	if s.Reveal() != hidden || (secret.Text{}).Reveal() != "" {
		t.Error("Reveal does not give the text back")
	}
}
