package ir

import "encoding/json"

// MarshalJSON writes the declared type as its name: an enum and a struct refer
// to themselves, and a reader wants the name.
func (t Type) MarshalJSON() ([]byte, error) {
	type plain Type
	named := struct {
		plain
		Def string `json:",omitempty"`
	}{plain: plain(t)}
	if t.Def != nil {
		named.Def = t.Def.Module + "." + t.Def.Name
	}
	return json.Marshal(named)
}
