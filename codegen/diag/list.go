package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a diagnostic stops the generation.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Diagnostic is one thing to say about a spec.
type Diagnostic struct {
	Pos      Pos
	Severity Severity
	Code     string // kebab-case and stable, e.g. "unknown-type"
	Message  string // what is wrong
	Hint     string // what to write instead; may be empty
	Related  []Related
}

// Related is another place that takes part in a problem.
type Related struct {
	Pos     Pos
	Message string
}

// WithHint says what to write instead.
func (d *Diagnostic) WithHint(format string, args ...any) *Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// WithRelated points at another place that takes part in the problem.
func (d *Diagnostic) WithRelated(pos Pos, format string, args ...any) *Diagnostic {
	d.Related = append(d.Related, Related{Pos: pos, Message: fmt.Sprintf(format, args...)})
	return d
}

// Suggest adds a "did you mean" when one of the candidates resembles the name,
// and otherwise lists them when they are few.
func (d *Diagnostic) Suggest(name string, candidates []string) *Diagnostic {
	const few = 20
	if near, ok := Nearest(name, candidates); ok {
		return d.WithHint("did you mean %q?", near)
	}
	if n := len(candidates); n > 0 && n <= few {
		return d.WithHint("known here: %s", join(candidates))
	}
	return d
}

// List collects diagnostics. The zero value is ready to use.
type List []*Diagnostic

// Errorf adds an error and returns it, so that a hint can be attached.
func (l *List) Errorf(pos Pos, code, format string, args ...any) *Diagnostic {
	return l.add(pos, Error, code, format, args)
}

// Warnf adds a warning and returns it.
func (l *List) Warnf(pos Pos, code, format string, args ...any) *Diagnostic {
	return l.add(pos, Warning, code, format, args)
}

func (l *List) add(pos Pos, s Severity, code, format string, args []any) *Diagnostic {
	d := &Diagnostic{Pos: pos, Severity: s, Code: code, Message: fmt.Sprintf(format, args...)}
	*l = append(*l, d)
	return d
}

// HasErrors reports whether any diagnostic stops the generation.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Sorted returns the diagnostics in the order of their places, each said once.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, compare)
	return slices.CompactFunc(sorted, func(a, b *Diagnostic) bool { return compare(a, b) == 0 })
}

func compare(a, b *Diagnostic) int {
	return cmp.Or(
		cmp.Compare(a.Pos.File, b.Pos.File),
		cmp.Compare(a.Pos.Line, b.Pos.Line),
		cmp.Compare(a.Pos.Col, b.Pos.Col),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Message, b.Message),
	)
}
