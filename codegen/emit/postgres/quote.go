package postgres

import "strings"

// reserved are the words that PostgreSQL does not take as a name without quotes.
var reserved = words(`all analyse analyze and any array as asc asymmetric authorization binary both
case cast check collate collation column concurrently constraint create cross current_catalog
current_date current_role current_schema current_time current_timestamp current_user default
deferrable desc distinct do else end except false fetch for foreign freeze from full grant group
having ilike in initially inner intersect into is isnull join lateral leading left like limit
localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing
primary references returning right select session_user similar some symmetric system_user table
tablesample then to trailing true union unique user using variadic verbose when where window with`)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

// Quote returns a spec's name as SQL takes it; only reserved words need quotes,
// since the spec allows nothing but lower-case letters, digits and underscores.
func Quote(name string) string {
	if reserved[name] {
		return `"` + name + `"`
	}
	return name
}
