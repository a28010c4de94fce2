package httpx

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// meant asks whether name was meant to be the known name closest to it, if one is close.
func meant(name string, known iter.Seq[string]) string {
	best, least := "", len(name)/3+1
	for _, k := range slices.Sorted(known) {
		if d := edits(strings.ToLower(name), k); len(name) <= maxNamed && d <= least && (d < least || best == "") {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + strconv.Quote(best) + "?"
}

// edits is the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// maxNamed bounds what a client's own names add to an answer and to the log, in bytes.
const maxNamed = 100

func shortened(name string) string {
	if len(name) <= maxNamed {
		return name
	}
	return strings.ToValidUTF8(name[:maxNamed], "") + "…"
}
