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
		environ []string
		want    []string // nil is a mistake
		shown   string
	}{
		"one":             {[]string{"S=" + long}, []string{long}, "(set)"},
		"two":             {[]string{"S=" + long + ", " + other}, []string{long, other}, "(set)"},
		"from a file":     {[]string{"S_FILE=" + file}, []string{other}, "(set)"},
		"not set":         {nil, []string{}, "(none)"},
		"too short":       {[]string{"S=" + long + ",short"}, nil, ""},
		"said twice":      {[]string{"S=" + long, "S_FILE=" + file}, nil, ""},
		"a file too few":  {[]string{"S_FILE=" + file + "s"}, nil, ""},
		"of another name": {[]string{"T=" + long}, []string{}, "(none)"},
	} {
		config, err := LoadConfig(production(c.environ...), 1, "S")
		if (err != nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), "S") || strings.Contains(err.Error(), "short,") {
				t.Errorf("%s: the error does not name the secret, or shows it: %v", name, err)
			}
			continue
		}
		given, err := config.given()
		if err != nil || len(given) != 1 || len(given["S"]) != len(c.want) {
			t.Errorf("%s: the modules get %d secrets, %v", name, len(given["S"]), err)
			continue
		}
		for i, want := range c.want {
			if given["S"][i].Reveal() != want {
				t.Errorf("%s: secret %d is wrong", name, i)
			}
		}
		if shown := config.Redacted()["S"]; shown != c.shown {
			t.Errorf("%s: config shows %v", name, shown)
		}
	}
}

func TestASecretIsMadeOnceOnEnginesOfOnesOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := func() string {
		c, err := LoadConfig([]string{"OKSAI_DATA=" + dir}, 3000, "S")
		if err != nil {
			t.Fatal(err)
		}
		if shown := c.Redacted()["S"]; shown != "(in the data folder)" {
			t.Errorf("config shows %v", shown)
		}
		given, err := c.given()
		if err != nil || len(given["S"]) != 1 {
			t.Fatalf("%d secrets were made, %v", len(given["S"]), err)
		}
		return given["S"][0].Reveal()
	}
	if first, again := made(), made(); first != again {
		t.Error("another secret was made at the second start")
	}
}
