package openapi

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/oksai/oksai/codegen/ir"
	"github.com/oksai/oksai/codegen/naming"
)

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
)

// command describes a command: its input, the state that it answers with, and
// what makes it safe to repeat.
func (b *builder) command(a *ir.Aggregate, c *ir.Command) *Operation {
	op := b.operation(c.Name, c.Doc, a.Name, c.Allow)
	op.Errors = refusals(a, c)
	if !c.Creates {
		op.Parameters = append(op.Parameters, idParameter(a), ifMatch(c.IfMatch))
	}
	op.Parameters = append(op.Parameters, idempotencyKey())
	if len(c.Input) > 0 {
		name := InputName(c.Name)
		b.schemas.byName[name] = b.schemas.input().object("", c.Input)
		op.RequestBody = &RequestBody{Required: true, Content: jsonBody(reference(name), b.examples[c])}
	}
	if c.Creates {
		op.Responses["201"] = response(a.Name + createdSuffix)
	} else {
		op.Responses["200"] = response(a.Name + changedSuffix)
	}
	if a.Scope == ir.ScopeTenant {
		op.ofTenant()
	}
	return op
}

// tenantHeader is read by the runtime, in front of what is generated.
const tenantHeader = "X-Tenant-ID"

// ofTenant says how the platform's people, whose tokens name no tenant, call an
// operation that works on a tenant's data.
func (op *Operation) ofTenant() {
	if !slices.Contains(op.Roles, platformRole) {
		return
	}
	op.Parameters = append(op.Parameters, &Parameter{
		Name: tenantHeader, In: "header", Schema: &Schema{Type: "string", Format: "uuid"},
		Description: "The tenant that a " + platformRole + " works for whose token names none; any other caller's token must be of that tenant.",
	})
}

// refusals are the problems that the spec's rules name; a handwritten rule may have others.
func refusals(a *ir.Aggregate, c *ir.Command) (all []Refusal) {
	for _, r := range c.Require {
		all = append(all, Refusal(r.Refusal))
	}
	for _, l := range a.Limits {
		all = append(all, Refusal(l.Refusal))
	}
	return all
}

// operation begins an operation; every one can answer with a problem.
func (b *builder) operation(name, doc, tag string, roles []string) *Operation {
	return &Operation{
		OperationID: operationID(name),
		Tags:        []string{tag},
		Summary:     summary(name),
		Description: doc,
		Roles:       roles,
		Responses:   map[string]*Response{"default": response(problemAnswer)},
	}
}

func jsonBody(schema *Schema, example any) map[string]Media {
	return map[string]Media{jsonType: {Schema: schema, Example: example}}
}

func idParameter(a *ir.Aggregate) *Parameter {
	return &Parameter{Name: "id", In: "path", Required: true, Description: fmt.Sprintf("The %s's id.", a.Name), Schema: &Schema{Type: "string", Format: "uuid", Of: a.Module + "." + a.Name}}
}

// ifMatch is not required here even if the spec says so: its absence has its own problem, 428.
func ifMatch(demanded bool) *Parameter {
	doc := "The ETag that the change is meant for; if it is no longer current the answer is 412."
	if demanded {
		doc += " Without it the answer is 428."
	}
	return &Parameter{Name: "If-Match", In: "header", Description: doc, Schema: &Schema{Type: "string", Pattern: `^"[1-9][0-9]{0,17}"$`, Example: `"1"`}}
}

func idempotencyKey() *Parameter {
	return &Parameter{
		Name: "Idempotency-Key", In: "header", Schema: &Schema{Type: "string", Pattern: "^[!-~]{1,255}$"},
		Description: "Your name for this request: sent again with the same body, it has no second effect and the answer is the first one's.",
	}
}

// operationID is the operation's name in camelCase: StartJob is startJob.
func operationID(name string) string {
	return string(unicode.ToLower(rune(name[0]))) + name[1:]
}

// summary is a name as a sentence: FindTenantBySlug is "Find tenant by slug".
func summary(name string) string {
	words := naming.Words(name)
	return strings.ToUpper(words[:1]) + words[1:]
}
