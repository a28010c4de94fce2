package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Source reads a spec file by the name that positions give it.
type Source func(file string) ([]byte, error)

// Text prints diagnostics for a person: place and message, the line with a
// caret below it, what else takes part, and what to write instead.
func Text(w io.Writer, list List, source Source) error {
	p := printer{w: w, source: source, lines: map[string][]string{}}
	for _, d := range list.Sorted() {
		p.printf("%s: %s: %s [%s]\n", d.Pos, d.Severity, d.Message, d.Code)
		p.excerpt(d.Pos)
		for _, r := range d.Related {
			p.printf("  %s: %s\n", r.Pos, r.Message)
		}
		if d.Hint != "" {
			p.printf("  hint: %s\n", d.Hint)
		}
	}
	return p.err
}

// JSON prints diagnostics as one JSON array, for tools.
func JSON(w io.Writer, list List) error {
	sorted := list.Sorted()
	if sorted == nil {
		sorted = List{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(sorted)
}

// CI prints diagnostics as workflow commands, which code hosts show beside the changed lines.
func CI(w io.Writer, list List) error {
	p := printer{w: w}
	for _, d := range list.Sorted() {
		message := d.Message
		if d.Hint != "" {
			message += " (" + d.Hint + ")"
		}
		p.printf("::%s file=%s,line=%d,col=%d,title=%s::%s\n", d.Severity, escape(d.Pos.File), d.Pos.Line, d.Pos.Col, d.Code, escape(message))
	}
	return p.err
}

// escape keeps a message on one line, as workflow commands want it.
func escape(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// printer remembers the first error and the files it has read.
type printer struct {
	w      io.Writer
	source Source
	lines  map[string][]string
	err    error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// excerpt shows the line of a position; without the source it shows nothing.
func (p *printer) excerpt(pos Pos) {
	lines, read := p.lines[pos.File]
	if !read && p.source != nil {
		if text, err := p.source(pos.File); err == nil {
			lines = strings.Split(string(text), "\n")
		}
		p.lines[pos.File] = lines
	}
	if pos.Line < 1 || pos.Line > len(lines) {
		return
	}
	line, shift := window([]rune(strings.ReplaceAll(lines[pos.Line-1], "\t", " ")), pos.Col)
	p.printf("  | %s\n  | %s^\n", line, strings.Repeat(" ", max(pos.Col-1-shift, 0)))
}

// window cuts a long line to what stands around a column, and tells how much it cut off in front.
func window(line []rune, col int) (string, int) {
	const width = 110
	if len(line) <= width {
		return string(line), 0
	}
	from := min(max(col-width/2, 0), len(line)-width)
	return string(line[from : from+width]), from
}
