package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	long, other := strings.Repeat("a", 32), strings.Repeat("b", 32)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(other+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		vars map[string]string
		want []string // nil is a mistake
	}{
		"one":             {map[string]string{"S": long}, []string{long}},
		"two":             {map[string]string{"S": long + ", " + other}, []string{long, other}},
		"from a file":     {map[string]string{"S_FILE": file}, []string{other}},
		"not set":         {map[string]string{}, []string{}},
		"too short":       {map[string]string{"S": long + ",short"}, nil},
		"said twice":      {map[string]string{"S": long, "S_FILE": file}, nil},
		"a file too few":  {map[string]string{"S_FILE": file + "s"}, nil},
		"of another name": {map[string]string{"T": long}, []string{}},
	} {
		got, err := NewSecrets(c.vars, "").Get("S")
		if (err != nil) != (c.want == nil) || len(got) != len(c.want) {
			t.Errorf("%s: %d secrets, %v", name, len(got), err)
			continue
		}
		for i, want := range c.want {
			if got[i].Reveal() != want {
				t.Errorf("%s: secret %d is wrong", name, i)
			}
		}
		if err != nil && strings.Contains(err.Error(), "short,") {
			t.Errorf("%s: the error shows the secret", name)
		}
	}
}

func TestASecretIsMadeOnceOnEnginesOfOnesOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := func(environ ...string) Config {
		c, err := LoadConfig(append(environ, "OKSAI_DATA="+dir), 3000)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, err := config().secrets.Get("S")
	again, err2 := config().secrets.Get("S")
	if err != nil || err2 != nil || len(first) != 1 || len(again) != 1 || first[0].Reveal() != again[0].Reveal() {
		t.Errorf("made %d, then %d secrets: %v, %v", len(first), len(again), err, err2)
	}
	if made, err := (Config{DatabaseURL: "postgres://db", DataDir: dir}).withSecrets(nil).secrets.Get("S"); err != nil || len(made) != 0 {
		t.Errorf("on a shared database %d secrets were made up, %v", len(made), err)
	}
}
