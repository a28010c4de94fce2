package token_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/signin/token"
	"pgregory.net/rapid"
)

func TestTokenIsReadBack(t *testing.T) {
	t.Parallel()
	for _, kind := range []token.Kind{token.APIKey, token.Refresh} {
		made := token.New(kind, uuid.New())
		read, ok := token.Parse(kind, made.Text().Reveal())
		if !ok || read.ID != made.ID || !bytes.Equal(read.Hash(), made.Hash()) {
			t.Errorf("Parse(New()) = %v, %v", read, ok)
		}
		if other := token.New(kind, made.ID); bytes.Equal(other.Hash(), made.Hash()) {
			t.Error("two tokens have the same secret")
		}
	}
}

func TestTypoIsNoToken(t *testing.T) {
	t.Parallel()
	const letters = "abcdefghijklmnopqrstuvwxyz234567_-ABC \n=é"
	good := token.New(token.APIKey, uuid.New()).Text().Reveal()
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		letter := rapid.SampledFrom([]rune(letters)).Draw(t, "letter")
		bad := good[:at] + string(letter) + good[at+1:]
		if _, ok := token.Parse(token.APIKey, bad); ok && bad != good {
			t.Fatalf("%s is taken for a token", bad)
		}
	})
}

func TestHostileTextsAreNoTokens(t *testing.T) {
	t.Parallel()
	good := token.New(token.APIKey, uuid.New()).Text().Reveal()
	parts := strings.Split(good, "_")
	other := strings.Split(token.New(token.APIKey, uuid.New()).Text().Reveal(), "_")
	for name, text := range map[string]string{
		"empty": "", "prefix only": "oksai_", "no prefix": good[6:], "of another kind": token.New(token.Refresh, uuid.New()).Text().Reveal(),
		"upper case": strings.ToUpper(good), "leading space": " " + good, "trailing newline": good + "\n", "cut": good[:len(good)-1], "longer": good + "a",
		"id of another": parts[0] + "_" + other[1] + "_" + parts[2], "secret of another": parts[0] + "_" + parts[1] + "_" + other[2],
		"no id": "oksai__" + parts[2], "no secret": "oksai_" + parts[1] + "_", "newline inside": parts[0] + "_" + parts[1][:25] + "\n_" + parts[2],
		"NUL": "oksai_" + strings.Repeat("\x00", 85), "a megabyte": "oksai_" + strings.Repeat("a", 1<<20), "SQL": "oksai_' OR '1'='1",
		"all a": "oksai_" + strings.Repeat("a", 26) + "_" + strings.Repeat("a", 58), "other alphabet": "oksai_" + strings.Repeat("1", 26) + "_" + strings.Repeat("1", 58),
		"not UTF-8": "oksai_" + strings.Repeat("\xff", 85), "another separator": strings.ReplaceAll(good, "_", "-"),
	} {
		if _, ok := token.Parse(token.APIKey, text); ok {
			t.Errorf("%s is taken for a token", name)
		}
	}
}
