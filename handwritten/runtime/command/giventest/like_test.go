package giventest

import (
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/event"
)

type painted struct{ colour, size string }

func (painted) EventType() string  { return "test.Painted" }
func (painted) SchemaVersion() int { return 1 }
func (painted) Published() bool    { return false }
func (p painted) AppendJSON(dst []byte) []byte {
	return append(dst, `{"colour":"`+p.colour+`","size":"`+p.size+`"}`...)
}

// spy fails as a test does, without ending the one that asks.
type spy struct {
	testing.TB
	failed bool
}

func (s *spy) Helper()               {}
func (s *spy) Fatalf(string, ...any) { s.failed = true; panic(s) }

func failsLike(r Result[struct{}], want ...Like) (failed bool) {
	s := &spy{}
	defer func() { failed = s.failed; _ = recover() }()
	r.ThenLike(s, want...)
	return false
}

func TestThenLikeLooksAtNamedFieldsOnly(t *testing.T) {
	t.Parallel()
	r := Result[struct{}]{events: []event.Data{painted{"red", "big"}}}
	r.ThenLike(t, Like{Event: painted{}})
	r.ThenLike(t, Like{Event: painted{colour: "red"}, Fields: []string{"colour"}})
	if !failsLike(r, Like{Event: painted{colour: "blue"}, Fields: []string{"colour"}}) {
		t.Error("another colour passed")
	}
	if !failsLike(r) || !failsLike(r, Like{Event: painted{}}, Like{Event: painted{}}) {
		t.Error("another number of events passed")
	}
}
