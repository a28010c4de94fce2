// Package diag carries what the generator has to say about a spec: where, what
// is wrong, and what to write instead.
package diag

import "fmt"

// Pos is a place in a spec file. Line and Col count from 1; a zero Line is the whole file.
type Pos struct {
	File      string
	Line, Col int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}
