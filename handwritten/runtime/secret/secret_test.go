package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/secret"
)

func TestASecretIsNeverShown(t *testing.T) {
	t.Parallel()
	const password = "hunter2"
	text := secret.New(password)
	held := struct {
		Open   secret.Text
		closed secret.Text
		Maybe  *secret.Text
	}{text, text, &text}
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		fmt.Fprintf(&shown, verb+verb+"\n", text, held)
	}
	slog.New(slog.NewTextHandler(&shown, nil)).Info("sign in", "password", text, "held", held)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("sign in", "password", text, "held", held)
	content, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(content)
	if all := shown.String(); strings.Contains(all, password) || strings.Contains(all, fmt.Sprintf("%x", password)) {
		t.Errorf("shown: %s", all)
	}
	if text.Reveal() != password || (secret.Text{}).Reveal() != "" {
		t.Error("Reveal does not give the text")
	}
}
