package golang

import (
	"fmt"
	"strings"
	"unicode"
)

func sprintf(format string, args ...any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// is is a doc comment that says what a thing is: "Plan is what a tenant pays for".
func is(name, doc, otherwise string) string {
	if doc == "" {
		return name + " is " + otherwise
	}
	return name + " is " + lowerFirst(doc)
}

// does is a doc comment that says what a thing does: "CreateTenant opens a tenant".
func does(name, doc, otherwise string) string {
	if doc == "" {
		return name + " " + otherwise
	}
	return name + " " + lowerFirst(doc)
}

// lowerFirst joins a sentence to what stands before it; acronyms keep their capitals.
func lowerFirst(s string) string {
	r := []rune(s)
	if len(r) == 0 || len(r) > 1 && unicode.IsUpper(r[1]) {
		return s
	}
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// article is "a" or "an", as the word that follows wants it.
func article(word string) string {
	if word != "" && strings.ContainsRune("aeioAEIO", rune(word[0])) {
		return "an"
	}
	return "a"
}

func trimDot(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), ".") }
