package openapi

import "testing"

func TestSampleText(t *testing.T) {
	t.Parallel()
	three, twenty := int64(3), int64(20)
	for want, s := range map[string]Schema{
		"{canary}":             {},
		"{canary}@example.com": {Format: "email"},
		"{id}":                 {Format: "uuid"},
		"{id of job.Job}":      {Format: "uuid", Of: "job.Job"},
		"{secret}":             {Format: "password"},
		"abc":                  {MaxLength: &three},
		"{canary}xxxxxxxx":     {MinLength: &twenty},
		"aa":                   {Pattern: "^[a-z]{2}(?:-[A-Z]{2})?$"},
		"AA":                   {Pattern: "^[A-Z][A-Za-z]+$"},
		"v1.x":                 {Pattern: `^(v1|v2)\..$`},
	} {
		if got := s.SampleText(); got != want {
			t.Errorf("a text of %+v is %q, want %q", s, got, want)
		}
	}
}
