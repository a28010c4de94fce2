package service

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// table prints rows in columns for people.
type table struct{ w *tabwriter.Writer }

func newTable(out io.Writer, columns ...any) table {
	t := table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	t.row(columns...)
	return t
}

func (t table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(t.w, "\t")
		}
		fmt.Fprint(t.w, c)
	}
	fmt.Fprintln(t.w)
}

// flush prints the table: only now are the widths known.
func (t table) flush() error { return t.w.Flush() }

// widest is where a text in a table is cut off; --json has all of it.
const widest = 80

func brief(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if runes := []rune(line); len(runes) > widest {
		return string(runes[:widest-1]) + "…"
	}
	return line
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
