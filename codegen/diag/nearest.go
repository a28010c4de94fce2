package diag

import (
	"slices"
	"strings"
)

// Nearest returns the candidate that a name was most likely meant to be: the
// one with the fewest edits, if those leave most of the name as it is.
func Nearest(name string, candidates []string) (string, bool) {
	best, least := "", max(1, min(len(name)/3+1, len(name)-2))
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d <= least && (d < least || best == "") {
			best, least = c, d
		}
	}
	return best, best != "" && best != name
}

// distance is the Levenshtein distance of two names, with one row of memory.
func distance(a, b string) int {
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

func join(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}
