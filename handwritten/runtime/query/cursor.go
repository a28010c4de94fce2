package query

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/oksai/oksai/handwritten/runtime/projection/chsql"
)

const fingerprintBytes = 12

// A cursor is a fingerprint of the list it belongs to and the place of the last
// row seen: a JSON list of the parameters' texts, null for NULL. A forged one
// can only ask for another place of the same tenant's list; who wants it opaque
// and sealed does so outside.

// fingerprint is over the statement so far, its values and its order, so that a
// cursor is not used with another filter, sort, tenant or version of the table.
func fingerprint(b *builder, o order) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%v\x00%s", b.text.String(), b.args, o.sql(b.dialect)))
	return sum[:fingerprintBytes]
}

// cursor makes the cursor after a row.
func (o order) cursor(d dialect, bound []byte, values map[string]any) ([]byte, error) {
	place := make([]*string, len(o))
	for i, t := range o {
		text, isValue, err := d.text(chsql.Bare(t.typ), values[t.column])
		if err != nil {
			return nil, fmt.Errorf("make a cursor of column %s: %w", t.column, err)
		}
		if isValue {
			place[i] = &text
		}
	}
	text, err := json.Marshal(place)
	return append(bytes.Clone(bound), text...), err
}

// resume adds the condition that a page starts after the cursor's row.
func (o order) resume(b *builder, cursor, bound []byte) error {
	text, same := bytes.CutPrefix(cursor, bound)
	if !same {
		return invalid("cursor", "this cursor belongs to another filter or sort; start again without it")
	}
	var place []*string
	if err := json.Unmarshal(text, &place); err != nil || len(place) != len(o) {
		return invalid("cursor", "this cursor is not one that was issued; start again without it")
	}
	b.write(" AND (")
	o.after(b, place)
	b.write(")")
	return nil
}
