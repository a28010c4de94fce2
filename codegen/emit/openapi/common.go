package openapi

// problemSchema is RFC 9457 with this platform's members.
func problemSchema() *Schema {
	text := func(doc string) *Schema { return &Schema{Type: "string", Description: doc} }
	return &Schema{
		Type:        "object",
		Description: "Why a request was not carried out (RFC 9457).",
		Properties: Properties{
			{"type", text("Identifies the kind of problem.")},
			{"title", text("The same for every occurrence of the code.")},
			{"status", &Schema{Type: "integer", Format: "int32", Description: "The HTTP status."}},
			{"code", text("Stable; programs decide by it.")},
			{"detail", text("What happened this time, and what to do.")},
			{"instance", text("This request: a URN with the id that is also in X-Request-ID.")},
			{"trace_id", text("Quote it when asking for help.")},
			{"errors", &Schema{Type: "array", Items: reference("FieldError"), Description: "The parts of the request that are wrong; empty where it is not about parts."}},
		},
		Required: []string{"type", "title", "status", "code", "detail", "instance", "trace_id", "errors"},
	}
}

func fieldErrorSchema() *Schema {
	return &Schema{
		Type:        "object",
		Description: "One part of the request that is wrong.",
		Properties: Properties{
			{"pointer", &Schema{Type: "string", Description: "A JSON Pointer into the body, or e.g. query/limit."}},
			{"code", &Schema{Type: "string"}},
			{"message", &Schema{Type: "string"}},
		},
		Required: []string{"pointer", "code", "message"},
	}
}

func recordedEvent() *Schema {
	return &Schema{
		Type:        "object",
		Description: "An event as the log holds it.",
		Properties: Properties{
			{"id", &Schema{Type: "string", Format: "uuid"}},
			{"version", &Schema{Type: "integer", Format: "int64", Description: "The object's version after it."}},
			{"type", &Schema{Type: "string"}},
			{"at", &Schema{Type: "string", Format: "date-time"}},
			{"by", &Schema{Type: "string", Description: "Who caused it; empty for the platform itself."}},
			{"data", &Schema{Description: "The event's fields."}},
		},
		Required: []string{"id", "version", "type", "at", "by", "data"},
	}
}
