package naming

import "strings"

// irregular nouns that are likely in business domains.
var irregular = map[string]string{
	"person": "people", "child": "children", "man": "men", "woman": "women",
	"datum": "data", "criterion": "criteria", "leaf": "leaves", "shelf": "shelves",
	"index": "indices", "matrix": "matrices",
}

// Plural is the plural of an English noun in PascalCase or snake_case; only its last word changes.
func Plural(name string) string {
	w := words(name)
	if len(w) == 0 {
		return name
	}
	last := w[len(w)-1]
	head := strings.TrimSuffix(name, last)
	lower := strings.ToLower(last)
	if many, ok := irregular[lower]; ok {
		return head + last[:1] + many[1:]
	}
	return head + regular(last, lower)
}

func regular(word, lower string) string {
	switch {
	case strings.HasSuffix(lower, "y") && !vowelBefore(lower, 1):
		return word[:len(word)-1] + "ies"
	case hasAnySuffix(lower, "s", "x", "z", "ch", "sh"):
		return word + "es"
	}
	return word + "s"
}

func vowelBefore(word string, fromEnd int) bool {
	i := len(word) - fromEnd - 1
	return i >= 0 && strings.ContainsRune("aeiou", rune(word[i]))
}

func hasAnySuffix(s string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}
