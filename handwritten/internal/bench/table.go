package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// line is one figure of the table.
type line struct {
	measured, against, target, reached string
	// missed is the part of the target that is missing; 0 or less if it is reached.
	missed float64
	// note says what else is to be known of the figure.
	note string
}

// ratio is a line about a comparison that should be at least target.
func ratio(measured, against string, target float64, d duel) line {
	return line{
		measured: measured, against: against, target: fmt.Sprintf("≥ %g ×", target), reached: fmt.Sprintf("%.2f ×", d.ratio),
		missed: 1 - d.ratio/target,
		note:   fmt.Sprintf("%s, against %s", d.measured, d.baseline),
	}
}

// against is a line about a comparison that nothing is promised of.
func against(measured, baseline string, d duel) line {
	return line{
		measured: measured, against: baseline, target: "—", reached: fmt.Sprintf("%.2f ×", d.ratio),
		note: fmt.Sprintf("%s, against %s", d.measured, d.baseline),
	}
}

// below is a line about an amount that should be less than target.
func below[T float64 | time.Duration](measured string, target, reached T, unit func(T) string) line {
	return line{
		measured: measured, against: "—", target: "< " + unit(target), reached: unit(reached),
		missed: float64(reached)/float64(target) - 1,
	}
}

// figure is a line about an amount that nothing is promised of.
func figure(measured, reached, note string) line {
	return line{measured: measured, against: "—", target: "—", reached: reached, note: note}
}

func (l line) verdict() string {
	if l.target == "—" {
		return "—"
	}
	if l.missed <= 0 {
		return "reached"
	}
	return fmt.Sprintf("missed by %.0f %%", 100*l.missed)
}

func (p pace) String() string {
	return fmt.Sprintf("%.0f/s at %s of CPU each (%s)", p.perSecond, p.cpu.sum().Round(time.Microsecond), p.cpu)
}

func megabytes(n float64) string { return fmt.Sprintf("%.0f MB", n) }
func percent(n float64) string   { return fmt.Sprintf("%.0f %%", n) }

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2g s", d.Seconds())
}

func printTable(w io.Writer, lines []line) {
	cells := [][]string{{"measured", "against", "target", "reached", "verdict"}}
	for _, l := range lines {
		cells = append(cells, []string{l.measured, l.against, l.target, l.reached, l.verdict()})
	}
	widths := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, row := range cells {
		for i, cell := range row {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		fmt.Fprintln(w, "|")
		if n == 0 {
			fmt.Fprintln(w, strings.Repeat("|---", len(row))+"|")
		}
	}
	fmt.Fprintln(w)
	for _, l := range lines {
		if l.note != "" {
			fmt.Fprintf(w, "- %s: %s\n", l.measured, l.note)
		}
	}
}
