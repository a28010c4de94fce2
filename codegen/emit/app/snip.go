package app

import "github.com/dave/jennifer/jen"

const (
	root    = "github.com/oksai/oksai"
	runtime = root + "/handwritten/runtime"
)

// importNames spares imports an alias that says what the path says.
var importNames = map[string]string{
	runtime + "/command":     "command",
	runtime + "/httpx":       "httpx",
	runtime + "/isolation":   "isolation",
	runtime + "/problem":     "problem",
	runtime + "/service":     "service",
	runtime + "/tenancy":     "tenancy",
	root + "/openapi":        "openapi",
	root + "/sql":            "sql",
	"github.com/google/uuid": "uuid",
}

// Each symbol that generated code uses from elsewhere is named here, once.

func servicePkg(name string) *jen.Statement { return jen.Qual(runtime+"/service", name) }
func tenancyPkg(name string) *jen.Statement { return jen.Qual(runtime+"/tenancy", name) }
func isolationPkg(name string) *jen.Statement {
	return jen.Qual(runtime+"/isolation", name)
}
func httpxGuard() *jen.Statement   { return jen.Qual(runtime+"/httpx", "Guard") }
func repository() *jen.Statement   { return jen.Qual(runtime+"/command", "Repository") }
func problemError() *jen.Statement { return jen.Qual(runtime+"/problem", "Error") }
func errorsAsType() *jen.Statement { return jen.Qual("errors", "AsType") }
func errorf() *jen.Statement       { return jen.Qual("fmt", "Errorf") }
func uuidUUID() *jen.Statement     { return jen.Qual("github.com/google/uuid", "UUID") }
func ctxParam() *jen.Statement     { return jen.Id("ctx").Qual("context", "Context") }

// domain is a symbol of a module's own package.
func domain(module, name string) *jen.Statement { return jen.Qual(root+"/gen/"+module, name) }

// serverNew is the function that assembles a module.
func serverNew(module string) *jen.Statement {
	return jen.Qual(root+"/gen/"+module+"/server", "New")
}

// fields prints a composite literal's members one a line, in the order given.
func fields(members ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, members...)
}

func member(name string, value *jen.Statement) *jen.Statement {
	return jen.Id(name).Op(":").Add(value)
}

func texts(values []string) *jen.Statement {
	items := make([]jen.Code, len(values))
	for i, v := range values {
		items[i] = jen.Lit(v)
	}
	return jen.Index().String().Values(items...)
}
