package openapi

import "github.com/oksai/oksai/codegen/ir"

// The answers that show an aggregate's state are shared by its operations: found
// by a query, changed by a command, created by one.
const (
	foundSuffix   = "Found"
	changedSuffix = "Changed"
	createdSuffix = "Created"
)

// problemAnswer is any refusal.
const problemAnswer = "Problem"

const responsePath = "#/components/responses/"

func response(name string) *Response { return &Response{Ref: responsePath + name} }

func (d *Document) addAnswers(a *ir.Aggregate) {
	consistency := Header{Description: "Send it with a query to read at least this change.", Required: true, Schema: &Schema{Type: "string"}}
	location := Header{Description: "Where the new object is.", Required: true, Schema: &Schema{Type: "string"}}
	d.Components.Responses[a.Name+foundSuffix] = answer(a, "The state.", nil)
	d.Components.Responses[a.Name+changedSuffix] = answer(a, "The state after the command.", map[string]Header{"Oksai-Consistency": consistency})
	d.Components.Responses[a.Name+createdSuffix] = answer(a, "The new object.", map[string]Header{"Oksai-Consistency": consistency, "Location": location})
}

func answer(a *ir.Aggregate, doc string, headers map[string]Header) *Response {
	r := &Response{
		Description: doc,
		Headers:     map[string]Header{"ETag": etag()},
		Content:     jsonBody(reference(a.Name), nil),
	}
	for name, h := range headers {
		r.Headers[name] = h
	}
	return r
}

func etag() Header {
	return Header{Description: "The object's version; send it as If-Match to change exactly this version.", Required: true, Schema: &Schema{Type: "string"}}
}
