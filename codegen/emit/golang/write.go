package golang

import (
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"
)

const commentWidth = 96

// comment writes a doc comment: one jen.Comment for each line, because jennifer
// turns a comment of several lines into /* */.
func (f *file) comment(format string, args ...any) {
	for _, line := range wrap(sprintf(format, args...)) {
		f.Comment(line)
	}
}

// fn writes a function or method and the blank line that jennifer leaves out.
func (f *file) fn(code ...jen.Code) {
	f.Add(code...)
	f.Line()
}

// wrap breaks a text into lines; its own line breaks stay.
func wrap(text string) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && len(line)+1+len(word) > commentWidth {
				lines = append(lines, line)
				line = ""
			}
			line = strings.TrimSpace(line + " " + word)
		}
		lines = append(lines, line)
	}
	return lines
}

// docLines are the comment of a struct field or an interface's method.
func docLines(doc string) []jen.Code {
	if doc == "" {
		return nil
	}
	var lines []jen.Code
	for _, line := range wrap(doc) {
		lines = append(lines, jen.Comment(line))
	}
	return lines
}

// pair is a field of a composite literal.
func pair(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }

// lines is {…} with one item on each line.
func lines(items ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, items...)
}

// callLines is (…) with one argument on each line.
func callLines(items ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "(", Close: ")", Separator: ",", Multi: true}, items...)
}

// returnErr is `if err != nil { return …, err }`.
func returnErr(before ...jen.Code) *jen.Statement {
	return jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(append(before, jen.Err())...))
}

// rawString prints a text between backquotes where that is possible.
func rawString(text string) *jen.Statement {
	if !strconv.CanBackquote(strings.ReplaceAll(text, "\n", "")) {
		return jen.Lit(text)
	}
	return jen.Op("`" + text + "`")
}
