package grammar

// Operation is what cannot be declared but for its place, its values and who may ask for it.
var Operation = &Shape{Name: "an operation", Keys: []Key{
	{"doc", text, "What it is for.", 0},
	{"http", shape(OperationHTTP), "Where it is found; POST /<its-name> by default.", 0},
	{"public", boolean, "No token is asked for.", 0},
	{"allow", names, "The roles that may run it.", 0},
	{"scope", oneOf("tenant", "platform"), "platform: the caller's token needs no tenant.", 0},
	{"body", oneOf("json", "raw"), "raw: the method gets the body as it came, and the headers, as for signatures.", 0},
	{"input", fieldsOf(Asked), "What the caller says: in the path, the query of GET and DELETE, or the body.", 0},
	{"output", fieldsOf(Answered), "What it answers with; without it the answer is 204.", 0},
	{"errors", named(Failure), "What it refuses, by the code.", 0},
}}

// OperationHTTP says where an operation is found.
var OperationHTTP = &Shape{Name: "http of an operation", Keys: []Key{
	{"method", oneOf("POST", "GET", "PUT", "PATCH", "DELETE"), "The method.", 0},
	{"path", text, "The path; {name} is the input of that name.", 0},
}}

// Secret is a value that the platform shares with another service.
var Secret = &Shape{Name: "a secret", Keys: []Key{
	{"doc", text, "Whom it is shared with, and what for.", 0},
}}

// refused is what stands beside the code of a refusal.
var refused = []Key{
	{"status", number, "The HTTP status, 400 to 499; 409 by default.", 0},
	{"message", text, "What people read.", 0},
}

// Failure is a refusal of an operation.
var Failure = &Shape{Name: "an error", Keys: refused}
