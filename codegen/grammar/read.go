package grammar

// Projection is a read model.
var Projection = &Shape{Name: "a projection", Keys: []Key{
	{"doc", text, "What its rows are.", 0},
	{"store", oneOf("clickhouse", "postgres"), "ClickHouse for lists and statistics, PostgreSQL for look-ups.", 0},
	{"kind", oneOf("rows", "event_log"), "An event log has a row for every event.", 0},
	{"consistency", oneOf("eventual", "inline"), "inline: in the append's own transaction, in PostgreSQL.", 0},
	{"scope", oneOf("tenant", "platform"), "platform: PlatformAdmin reads the rows of all tenants.", 0},
	{"of", names, "The aggregates of an event log.", 0},
	{"key", names, "What tells rows apart within a tenant; <aggregate>_id is the stream's id.", 0},
	{"columns", fieldsOf(Column), "The columns.", 0},
	{"order_by", names, "How ClickHouse sorts the rows; ends with the key, which is the default.", 0},
	{"search", names, "Columns whose words are searched for.", 0},
	{"unique", list(either(text, names)), "Columns, or lists of columns, that are unique. In PostgreSQL.", 0},
	{"unique_code", text, "The code of the error where they are not.", 0},
	{"ttl", text, "After how long rows go, as 30d, 12w or 2y.", 0},
	{"ttl_column", text, "Since when; created_at by default.", 0},
	{"on", named(Handler), "What events do to a row.", 0},
	{"version", number, "Raise it to have the rows built anew, as when a handwritten map changes.", 0},
	{"table", text, "The table's name.", NotBuilt},
}}

// Handler says what an event does to a row.
var Handler = &Shape{Name: "a handler", Keys: []Key{
	{"key", values, "Which row, if no field of the event has the key's name.", 0},
	{"when", text, "A condition on the event and the row.", 0},
	{"set", values, "New values.", 0},
	{"add", values, "What is added to numbers and durations.", 0},
	{"append", values, "An item for lists and sets.", 0},
	{"remove", values, "An item to be taken out of lists and sets.", 0},
	{"min", values, "The column becomes this if it is less.", 0},
	{"max", values, "The column becomes this if it is more.", 0},
	{"delete", boolean, "The row goes.", 0},
	{"map", oneOf("declared", "handwritten"), "handwritten: a Go method changes the row.", 0},
}}

// Query is a read operation.
var Query = &Shape{Name: "a query", Keys: []Key{
	{"doc", text, "What it answers.", 0},
	{"scope", oneOf("tenant", "platform"), "platform: across tenants, for PlatformAdmin.", 0},
	{"allow", names, "The roles that may ask.", 0},
	{"get", text, "An aggregate: its state, strongly consistent.", 0},
	{"as_of", text, "An aggregate: its state at a time or version.", 0},
	{"history", text, "An aggregate: its events.", 0},
	{"list", text, "A projection: a page of its rows.", 0},
	{"find", text, "A projection: one row.", 0},
	{"aggregate", text, "A projection: measures over its rows.", 0},
	{"by", names, "The columns that find a row.", 0},
	{"filter", byName(either(text, names)), "Columns that callers may filter by: eq, in, range, any, search.", 0},
	{"sort", names, "Columns that callers may sort by, -column descending; the first is the default.", 0},
	{"page", shape(Page), "The sizes of pages.", 0},
	{"derive", byName(text), "Values computed from a row: =row.total / row.count.", 0},
	{"measures", byName(text), "count, sum(x), avg(x), min(x) or max(x), with `if condition` behind.", 0},
	{"group_by", names, "Columns with a measure for each of their values.", 0},
	{"http", shape(QueryHTTP), "Where it is found, if not at the default.", 0},
	{"hide", byName(text), "Fields that are hidden, and when.", NotBuilt},
}}

// QueryHTTP says where a query is found.
var QueryHTTP = &Shape{Name: "http of a query", Keys: []Key{
	{"path", text, "With the same parameters as the default.", 0},
}}

// External is an event of another service.
var External = &Shape{Name: "an external event", Keys: []Key{
	{"doc", text, "What it means.", 0},
	{"topic", text, "Where it is published.", Required},
	{"fields", fieldsOf(ExternalField), "What is read of it.", 0},
}}

// Reaction turns an event into a command.
var Reaction = &Shape{Name: "a reaction", Keys: []Key{
	{"doc", text, "Why.", 0},
	{"on", text, "The event, or `external name`.", Required},
	{"when", text, "A condition on the event.", 0},
	{"do", text, "The command.", Required},
	{"id", text, "Which aggregate is meant; a created one's id is made from the event.", 0},
	{"by", text, "Instead: a value that the id is made from. The first event with it creates; others are about the same aggregate.", 0},
	{"with", values, "The command's input.", 0},
}}

// Process is work of several steps, in several aggregates.
var Process = &Shape{Name: "a process", Keys: []Key{
	{"doc", text, "What it achieves.", 0},
	{"key", fieldsOf(Remembered), "The field that tells processes of this kind apart, and its type.", Required},
	{"state", fieldsOf(Remembered), "What it remembers beside the key.", 0},
	{"starts_on", byName(values), "The event that starts one, with values for the key and the state.", Required},
	{"steps", named(ProcessStep), "What is done, one after the other.", Required},
	{"timeout", text, "How long all of it may take, such as 24h; then it fails.", 0},
}}

// ProcessStep is one command of a process, and what may follow from it.
var ProcessStep = &Shape{Name: "a step", Keys: []Key{
	{"do", text, "The command.", Required},
	{"id", text, "Which aggregate is meant, over the state.", 0},
	{"with", values, "The command's input, over the state.", 0},
	{"done_on", byName(text), "The events that end the step, each with the key of the process that it is about.", Required},
	{"failed_on", byName(text), "The events that make the process fail, likewise.", 0},
	{"undo", shape(ProcessUndo), "The command that takes the step back when the process fails later.", 0},
}}

// ProcessUndo is the command that takes a step back.
var ProcessUndo = &Shape{Name: "an undo", Keys: []Key{
	{"do", text, "The command.", Required},
	{"id", text, "Which aggregate is meant, over the state.", 0},
	{"with", values, "The command's input, over the state.", 0},
}}
