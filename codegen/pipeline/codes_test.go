package pipeline_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// codeInSource finds the codes of diagnostics: the argument before the message.
var codeInSource = regexp.MustCompile(`, "([a-z]+(?:-[a-z]+)+)", "`)

// codes lists every code that the front end can say.
func codes(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, folder := range []string{"syntax", "expr", "load", "check"} {
		files, err := filepath.Glob("../" + folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no sources in %s (%v)", folder, err)
		}
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			for _, m := range codeInSource.FindAllStringSubmatch(string(source), -1) {
				all = append(all, m[1])
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestEveryCodeHasABadSpec: what can be said is said about some spec of the corpus.
func TestEveryCodeHasABadSpec(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	for _, file := range corpus(t, "bad", 60) {
		said.Write(section(parse(t, file), "want"))
	}
	for _, code := range codes(t) {
		// The corpus adds what no-spec misses; the scripts of cmd/oksai cover it.
		if code != "no-spec" && !strings.Contains(said.String(), "["+code+"]") {
			t.Errorf("no spec in testdata/bad is told %q; add one", code)
		}
	}
}

// TestEveryCodeIsDocumented: README.md explains what can be said, and nothing else.
func TestEveryCodeIsDocumented(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "\n## Diagnostics\n")
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, m[1])
	}
	for _, code := range codes(t) {
		if !slices.Contains(documented, code) {
			t.Errorf("README.md does not explain %q; add a row to its table of diagnostics", code)
		}
	}
	for _, code := range documented {
		if !slices.Contains(codes(t), code) {
			t.Errorf("README.md explains %q, which is never said; remove the row", code)
		}
	}
}
