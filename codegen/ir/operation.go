package ir

import "strings"

// Operation is what a Go method does: declared, but for its body.
type Operation struct {
	Name     string
	Doc      string
	HTTP     Route
	Public   bool     // no token is asked for
	Allow    []string // roles; empty if Public
	Platform bool     // the token needs no tenant
	Raw      bool     // the body comes as it is, with the headers
	Input    []*Field
	Output   []*Field // empty: the answer is 204
	Failures []*Failure
	Pos      Pos `json:"-"`
}

// Failure is a refusal that an operation may end with.
type Failure struct {
	Refusal
	Pos Pos `json:"-"`
}

// Secret is a value that a module's operations share with another service.
type Secret struct {
	Name string // UPPER_SNAKE: the environment variable by which operators set it
	Doc  string
	Pos  Pos `json:"-"`
}

// File is the secret's name where it is a file, e.g. "payment-webhook-secret".
func (s *Secret) File() string { return strings.ToLower(strings.ReplaceAll(s.Name, "_", "-")) }

// InPath reports whether a field of the input is a parameter of the path.
func (o *Operation) InPath(f *Field) bool { return strings.Contains(o.HTTP.Path, "{"+f.Name+"}") }

// HasBody reports whether the fields that are not in the path are in a JSON body.
func (o *Operation) HasBody() bool {
	return o.HTTP.Method != "GET" && o.HTTP.Method != "DELETE" && !o.Raw
}

// Parameters are the inputs in the path and the query.
func (o *Operation) Parameters() []*Field { return o.split(true) }

// Body are the inputs in the JSON body.
func (o *Operation) Body() []*Field { return o.split(false) }

func (o *Operation) split(parameters bool) (some []*Field) {
	for _, f := range o.Input {
		if (o.InPath(f) || !o.HasBody()) == parameters {
			some = append(some, f)
		}
	}
	return some
}
