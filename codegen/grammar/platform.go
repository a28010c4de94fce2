package grammar

// Platform is platform.yaml.
var Platform = &Shape{Name: "the platform", Keys: []Key{
	{"platform", text, "The platform's name.", 0},
	{"doc", text, "What the platform is.", 0},
	{"apps", named(App), "The executables, each a set of modules behind one port.", 0},
	{"roles", names, "The roles that tokens may carry. PlatformAdmin is that of the platform's own people.", 0},
	{"tenancy", shape(Tenancy), "Which aggregate is a tenant, when it may act, and how often.", 0},
	{"defaults", shape(Defaults), "What holds where nothing else is said.", 0},
	{"bus", shape(Bus), "How events reach other services.", 0},
}}

// App is an executable.
var App = &Shape{Name: "an app", Keys: []Key{
	{"doc", text, "Whom the app serves, and with what.", 0},
	{"port", number, "Where the app listens unless PORT says otherwise.", 0},
	{"modules", names, "The modules that the app serves.", 0},
	{"audience", oneOf("users", "operators"), "An operators' app refuses everyone without the role PlatformAdmin.", 0},
}}

// Tenancy says what a tenant is.
var Tenancy = &Shape{Name: "tenancy", Keys: []Key{
	{"aggregate", text, "The aggregate that is a tenant, as module.Aggregate.", 0},
	{"active", text, "A condition on the state under which the tenant's people may act.", 0},
	{"calls_per_day", text, "How many API calls a tenant may make on a day (UTC), by its state; absent is no bound.", 0},
	{"storage_gb", text, "How many gigabytes a tenant's events may fill, by its state; absent is no bound.", 0},
}}

// Defaults hold for all modules.
var Defaults = &Shape{Name: "defaults", Keys: []Key{
	{"snapshot_every", number, "After how many events an aggregate's state is saved.", 0},
	{"page", shape(Page), "The sizes of pages.", 0},
	{"ttl", text, "How long logs of events are kept, as 30d, 12w or 2y.", 0},
}}

// Page says how large pages are.
var Page = &Shape{Name: "page", Keys: []Key{
	{"size", number, "Rows on a page unless the caller asks for another number.", 0},
	{"max", number, "The most that a caller may ask for.", 0},
}}

// Bus lays out the topics.
var Bus = &Shape{Name: "bus", Keys: []Key{
	{"topic", text, "The pattern of public topics, \"{module}-events\".", 0},
	{"partitions", number, "Of each topic.", 0},
}}
