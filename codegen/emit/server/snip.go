package server

import "github.com/dave/jennifer/jen"

const (
	root    = "github.com/oksai/oksai"
	runtime = root + "/handwritten/runtime"
)

// importNames spares imports an alias that says what the path says.
var importNames = map[string]string{
	runtime + "/codec":              "codec",
	runtime + "/command":            "command",
	runtime + "/event":              "event",
	runtime + "/httpx":              "httpx",
	runtime + "/money":              "money",
	runtime + "/projection":         "projection",
	runtime + "/query":              "query",
	runtime + "/secret":             "secret",
	runtime + "/service":            "service",
	root + "/sql":                   "sql",
	"github.com/go-faster/jx":       "jx",
	"github.com/google/uuid":        "uuid",
	"github.com/shopspring/decimal": "decimal",
}

// Each symbol that generated code uses from elsewhere is named here, once.

func codecPkg(name string) *jen.Statement { return jen.Qual(runtime+"/codec", name) }
func eventPkg(name string) *jen.Statement { return jen.Qual(runtime+"/event", name) }
func httpxPkg(name string) *jen.Statement { return jen.Qual(runtime+"/httpx", name) }
func projectionPkg(name string) *jen.Statement {
	return jen.Qual(runtime+"/projection", name)
}
func queryPkg(name string) *jen.Statement   { return jen.Qual(runtime+"/query", name) }
func servicePkg(name string) *jen.Statement { return jen.Qual(runtime+"/service", name) }
func secretNew() *jen.Statement             { return jen.Qual(runtime+"/secret", "New") }
func schemaPkg(name string) *jen.Statement  { return jen.Qual(root+"/sql", name) }
func jxRaw() *jen.Statement                 { return jen.Qual("github.com/go-faster/jx", "Raw") }
func uuidUUID() *jen.Statement              { return jen.Qual("github.com/google/uuid", "UUID") }
func timeTime() *jen.Statement              { return jen.Qual("time", "Time") }
func decimalType() *jen.Statement           { return jen.Qual("github.com/shopspring/decimal", "Decimal") }
func errorf() *jen.Statement                { return jen.Qual("fmt", "Errorf") }
func url() *jen.Statement                   { return jen.Op("*").Qual("net/url", "URL") }
func ctx() *jen.Statement                   { return jen.Id("ctx") }
func ctxParam() *jen.Statement              { return jen.Id("ctx").Qual("context", "Context") }

// domain is a symbol of a module's own package.
func domain(module, name string) *jen.Statement { return jen.Qual(root+"/gen/"+module, name) }

// rows is a symbol of a module's package for PostgreSQL.
func rows(module, name string) *jen.Statement { return jen.Qual(root+"/gen/"+module+"/db", name) }

// returnErr is: if err != nil { return nil, err }
func returnErr() *jen.Statement {
	return jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
}

// fields prints a composite literal's members one a line, in the order given.
func fields(members ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, members...)
}

func member(name string, value *jen.Statement) *jen.Statement {
	return jen.Id(name).Op(":").Add(value)
}
