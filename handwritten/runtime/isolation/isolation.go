// Package isolation says what can be called in an app, so that tests can try all
// of it as another tenant: see package isolationtest. Generated code makes a
// Surface for each app from the specs.
package isolation

// Surface is all that can be called in an app.
type Surface struct {
	// Opens names the operation that opens a tenant.
	Opens string
	// Roles are those that tokens may carry.
	Roles []string
	// Operations are in the order of the specs.
	Operations []Operation
}

// Operation is one operation with a request that it accepts. Path, Query and Body
// hold words in place of values: {canary} for a text of twelve lower-case letters,
// {secret} for a password, {id} for any id and {id of job.Job} for that of an aggregate.
type Operation struct {
	// Name is the operation's name in the spec, e.g. "StartJob".
	Name         string
	Method, Path string
	Query        []Param
	// Body is JSON text; empty if it takes none.
	Body string
	// Creates is what it begins, e.g. "job.Job"; empty for all but creating commands.
	Creates string
	// Roles are those of which a caller needs one.
	Roles []string
	// Platform operations work on what no tenant is around, or on all tenants'.
	Platform bool
	// Public operations ask for no token.
	Public bool
}

// Param is a query parameter.
type Param struct {
	Name, Value string
	Required    bool
}
