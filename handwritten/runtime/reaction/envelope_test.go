package reaction

import (
	"encoding/json"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestADeadLetterKeepsTheBytes: a replay must be the same event to the inbox.
func TestADeadLetterKeepsTheBytes(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`{"n":1}`, `{"n": 1}`, `{"title":"a<b & c"}`, "\x00junk", "", `"é"`, "null"} {
		letter, err := json.Marshal(envelopeOf(&kgo.Record{Topic: "t", Value: []byte(value)}))
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		var e envelope
		if err := json.Unmarshal(letter, &e); err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if got := string(e.record().Value); got != value {
			t.Errorf("%q comes back as %q from %s", value, got, letter)
		}
	}
}
