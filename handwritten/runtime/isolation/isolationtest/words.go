package isolationtest

import (
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// words are what stands for the words of the surface's requests.
type words struct {
	canary, secret, key string
	// ids by what they are of; "" is for those of which the spec does not say.
	ids map[string]string
}

var word = regexp.MustCompile(`\{(canary|secret|key|id)(?: of ([\w.]+))?\}`)

// newWords are of what does not exist.
func newWords(start string) words {
	return words{canary: letters(start), secret: "Secret-" + letters(start), key: "key-" + letters(start), ids: map[string]string{}}
}

// letters are twelve lower-case letters that nobody else uses.
func letters(start string) string {
	text := []byte(start)
	for len(text) < 12 {
		text = append(text, byte('a'+rand.IntN(26)))
	}
	return string(text)
}

// in puts the words into a part of a request; an id that is not known is nobody's.
func (w words) in(template string) string {
	return word.ReplaceAllStringFunc(template, func(found string) string {
		match := word.FindStringSubmatch(found)
		switch match[1] {
		case "canary":
			return w.canary
		case "secret":
			return w.secret
		case "key":
			return w.key
		}
		if w.ids[match[2]] == "" {
			w.ids[match[2]] = uuid.NewString()
		}
		return w.ids[match[2]]
	})
}

// outOf puts placeholders back where an answer repeats the words, so that the
// answers to two requests can be compared.
func (w words) outOf(answer string) string {
	pairs := []string{w.key, "{key}", w.canary, "{canary}", w.secret, "{secret}"}
	for _, id := range w.ids {
		pairs = append(pairs, id, "{id}")
	}
	return strings.NewReplacer(pairs...).Replace(answer)
}

// idsIn are what the ids in a request are of.
func idsIn(template string) (of []string) {
	for _, match := range word.FindAllStringSubmatch(template, -1) {
		if match[1] == "id" {
			of = append(of, match[2])
		}
	}
	return of
}
