package openapi

import (
	"encoding/json"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Words of samples. Who uses a sample puts in their place: a text of twelve
// lower-case letters, and a password. IDWord is the third.
const (
	canaryWord = "{canary}"
	secretWord = "{secret}"
)

// IDWord stands for an id, of an aggregate such as "job.Job" or of what the spec does not say.
func IDWord(of string) string {
	if of == "" {
		return "{id}"
	}
	return "{id of " + of + "}"
}

// likeCanary is of the form of what stands for canaryWord.
const likeCanary = "abcdefghijkl"

// Sample is a value of a schema as JSON text, with words in it; no optional part is left out.
func (d *Document) Sample(s *Schema) string {
	if s.Ref == schemaPath+moneyName {
		return `{"amount":100,"currency":"EUR"}`
	}
	if s.Ref != "" {
		return d.Sample(d.Components.Schemas[refName(s)])
	}
	switch {
	case len(s.Enum) > 0:
		return quoted(s.Enum[0])
	case s.Type == "object":
		return d.sampleObject(s)
	case s.Type == "array":
		return "[" + d.Sample(s.Items) + "]"
	case s.Type == "boolean":
		return "true"
	case s.Type == "integer":
		return s.sampleNumber()
	case s.Type == "string":
		return quoted(s.SampleText())
	}
	return `{"text":` + quoted(canaryWord) + `}`
}

// SampleBody is a sample of an operation's body, empty if it takes none, or a raw one.
func (d *Document) SampleBody(o *Operation) string {
	if o.Body() == "" {
		return ""
	}
	return d.Sample(o.RequestBody.Content[jsonType].Schema)
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // a string cannot fail
	return string(raw)
}

func (d *Document) sampleObject(s *Schema) string {
	var members []string
	for _, p := range s.Properties {
		members = append(members, quoted(p.Name)+":"+d.Sample(p.Schema))
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		key := quoted(canaryWord)
		if s.PropertyNames != nil {
			key = d.Sample(s.PropertyNames)
		}
		members = append(members, key+":"+d.Sample(s.AdditionalProperties.Schema))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (s *Schema) sampleNumber() string {
	n := int64(1)
	if s.Minimum != nil {
		n = max(n, *s.Minimum)
	}
	if s.Maximum != nil {
		n = min(n, *s.Maximum)
	}
	raw, _ := json.Marshal(n)
	return string(raw)
}

// SampleText is a text of a schema, with words in it.
func (s *Schema) SampleText() string {
	switch s.Format {
	case "uuid":
		return IDWord(s.Of)
	case "date-time":
		return "2026-01-02T03:04:05Z"
	case "date":
		return "2026-01-02"
	case "decimal":
		return "1"
	case "email":
		return canaryWord + "@example.com"
	case "uri":
		return "https://example.com/" + canaryWord
	case "password":
		return secretWord
	}
	return s.sampleWord()
}

// sampleWord is the canary where it fits, else the shortest text that does.
func (s *Schema) sampleWord() string {
	if pattern, err := regexp.Compile(s.Pattern); err == nil && !pattern.MatchString(likeCanary) {
		if parsed, err := syntax.Parse(s.Pattern, syntax.Perl); err == nil {
			return shortest(parsed)
		}
	}
	if s.MaxLength != nil && *s.MaxLength < int64(len(likeCanary)) {
		return likeCanary[:*s.MaxLength]
	}
	if s.MinLength != nil && *s.MinLength > int64(len(likeCanary)) {
		return canaryWord + strings.Repeat("x", int(*s.MinLength)-len(likeCanary))
	}
	return canaryWord
}

// shortest is one of the shortest texts that match.
func shortest(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture, syntax.OpPlus, syntax.OpAlternate:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(shortest(re.Sub[0]), re.Min)
	case syntax.OpConcat:
		var all strings.Builder
		for _, part := range re.Sub {
			all.WriteString(shortest(part))
		}
		return all.String()
	}
	return "" // what may be left out, and places
}
