package grammar

import "slices"

// Module is a module's file, or all files of its folder together.
var Module = &Shape{Name: "a module", Keys: []Key{
	{"module", text, "The module's name, such as job.", 0},
	{"doc", text, "What the module is about.", 0},
	{"topic", text, "The public topic's name, if it does not follow the platform's pattern.", 0},
	{"types", byName(typeValue), "Types that several fields share.", 0},
	{"external", named(External), "Events of other services.", 0},
	{"aggregates", named(Aggregate), "What the module remembers, and what may happen to it.", 0},
	{"projections", named(Projection), "Read models: rows folded from events.", 0},
	{"queries", named(Query), "What may be asked.", 0},
	{"operations", named(Operation), "What a Go method does: declared, but for its body.", 0},
	{"secrets", named(Secret), "What its operations share with other services; an operator sets it, under this name.", 0},
	{"reactions", named(Reaction), "Events that lead to commands.", 0},
	{"processes", named(Process), "Work of several steps.", 0},
}}

// Aggregate is one stream of events and its state.
var Aggregate = &Shape{Name: "an aggregate", Keys: []Key{
	{"doc", text, "What one of them is.", 0},
	{"scope", oneOf("tenant", "platform", "self"), "Whether it is inside a tenant, in none, or is itself a tenant.", 0},
	{"plural", text, "The segment of paths; the English plural by default.", 0},
	{"snapshot_every", number, "After how many events the state is saved.", 0},
	{"state", fieldsOf(StateField), "What is remembered.", 0},
	{"commands", named(Command), "What may be asked of it.", 0},
	{"events", named(Event), "What may have happened to it.", 0},
	{"invariants", list(shape(Invariant)), "What holds after every command.", 0},
	{"limits", named(Limit), "What holds across the aggregates of a tenant.", 0},
	{"timers", named(Timer), "Commands that run at a time which the state names.", 0},
	{"examples", list(shape(Example)), "Given, when, then: tests and documentation.", 0},
	{"was", text, "The name under which its streams are stored, if it was renamed.", 0},
}}

// Command is a request to change an aggregate.
var Command = &Shape{Name: "a command", Keys: []Key{
	{"doc", text, "What it is for.", 0},
	{"creates", either(boolean, oneOf("if_absent")), "It begins the aggregate; if_absent: where there is none, and else acts on the one that is there.", 0},
	{"id", text, "Which aggregate it begins, where that is not a new id's: =command.user.", 0},
	{"by", text, "Instead: a value that the id is made from, as in reactions.", 0},
	{"input", fieldsOf(Input), "What the caller says.", 0},
	{"allow", names, "The roles that may run it; none: only reactions and timers do.", 0},
	{"facts", byName(text), "Values of other aggregates, loaded before the rule: =module.Aggregate(id).field.", 0},
	{"unchanged_if", text, "A condition under which nothing happens, and the command succeeds.", 0},
	{"require", list(shape(Requirement)), "Conditions that must hold.", 0},
	{"rule", oneOf("declared", "handwritten"), "handwritten: a Go method says what is emitted.", 0},
	{"emits", either(text, shape(Emission), list(either(text, shape(Emission)))), "The events that it writes.", 0},
	{"http", shape(CommandHTTP), "Where it is found, if not at the default.", 0},
}}

// CommandHTTP says where a command is found.
var CommandHTTP = &Shape{Name: "http of a command", Keys: []Key{
	{"method", oneOf("POST", "PUT", "PATCH", "DELETE"), "The method.", 0},
	{"path", text, "With the same parameters as the default.", 0},
	{"if_match", oneOf("optional", "required"), "Whether callers must name the version that they know.", 0},
}}

// demanded is a condition and the code of the error that its failure is.
var demanded = []Key{
	{"if", text, "The condition.", Required},
	{"else", text, "The code of the error, such as JOB_NOT_PENDING.", Required},
}

// Requirement is what a command demands.
var Requirement = &Shape{Name: "a requirement", Keys: slices.Concat(demanded, refused)}

// Invariant is what a state may not break.
var Invariant = &Shape{Name: "an invariant", Keys: slices.Concat(demanded, []Key{
	{"message", text, "What people read.", 0},
})}

// Emission is an event with where its fields come from.
var Emission = &Shape{Name: "an emission", Names: &values, Keys: []Key{
	{"when", text, "A condition under which the event is written.", 0},
}}

// Event is what may have happened to an aggregate.
var Event = &Shape{Name: "an event", Keys: []Key{
	{"doc", text, "What it means.", 0},
	{"publish", boolean, "Other services see it, on the module's public topic.", 0},
	{"version", number, "Of the fields.", 0},
	{"fields", fieldsOf(EventField), "What is recorded. The state's fields of the same name take these values.", 0},
	{"sets", values, "Other fields of the state, and what they become.", 0},
	{"apply", oneOf("declared", "handwritten"), "handwritten: a Go method changes the state.", 0},
	{"was", text, "The name under which it is stored and published, if it was renamed.", 0},
}}

// Limit holds across streams.
var Limit = &Shape{Name: "a limit", Keys: slices.Concat([]Key{
	{"per", names, "Within what is counted: the tenant, then required fields of the state.", 0},
	{"counts", text, "The condition on the state for being counted.", Required},
	{"facts", byName(text), "Values of other aggregates that the bound depends on.", 0},
	{"max", text, "The most there may be; absent: no limit.", 0},
	{"min", text, "Instead: the fewest that a change which counts down may leave; absent: no limit.", 0},
	{"else", text, "The code of the error.", Required},
}, refused)}

// Timer runs a command later.
var Timer = &Shape{Name: "a timer", Keys: []Key{
	{"at", text, "The time, over the state.", Required},
	{"while", text, "A condition on the state under which the timer is set.", 0},
	{"do", text, "The command.", Required},
	{"with", values, "The command's input.", 0},
	{"input", oneOf("declared", "handwritten"), "handwritten: a Go method finds out the command's input, instead of with.", 0},
}}

// Example is a test and documentation.
var Example = &Shape{Name: "an example", Keys: []Key{
	{"name", text, "What it shows.", 0},
	{"given", list(happening), "The events so far.", 0},
	{"when", happening, "The command.", Required},
	{"then", list(happening), "The events that it leads to; [] if nothing happens.", 0},
	{"error", text, "Or the error that it leads to.", 0},
}}

// happening is Name or {Name: {field: value}}.
var happening = either(text, byName(values))
