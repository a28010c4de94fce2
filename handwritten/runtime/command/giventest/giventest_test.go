package giventest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/command/giventest"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

type lamp struct{ On bool }

type switched struct{ on bool }

func (switched) EventType() string  { return "lamp.Switched" }
func (switched) SchemaVersion() int { return 1 }
func (switched) Published() bool    { return false }
func (e switched) AppendJSON(dst []byte) []byte {
	return fmt.Appendf(dst, `{"z":1,"on":%t}`, e.on)
}

func lamps() command.Aggregate[lamp] {
	return command.Aggregate[lamp]{
		Apply: func(l *lamp, e event.Data) { l.On = e.(switched).on },
		Clone: func(l *lamp) *lamp { c := *l; return &c },
		EncodeState: func(l *lamp, dst []byte) []byte {
			raw, err := json.Marshal(l)
			if err != nil {
				panic(err)
			}
			return append(dst, raw...)
		},
	}
}

func turnOn(l *lamp, _ time.Time) (command.Decision[lamp], error) {
	if l != nil && l.On { // nil before the first event
		return command.Decision[lamp]{}, nil
	}
	return command.Decision[lamp]{Events: []event.Data{switched{true}}}, nil
}

func fail(*lamp, time.Time) (command.Decision[lamp], error) {
	return command.Decision[lamp]{}, problem.Rule("BROKEN", "the lamp is broken")
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	giventest.Given(lamps()).When(turnOn).Then(t, switched{true})
	giventest.Given(lamps(), switched{true}).When(turnOn).Unchanged(t)
	giventest.Given(lamps()).When(fail).Refused(t, "BROKEN")
	noon := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	giventest.Given(lamps()).At(noon).When(func(l *lamp, now time.Time) (command.Decision[lamp], error) {
		if now != noon {
			t.Errorf("now = %v, want %v", now, noon)
		}
		return turnOn(l, now)
	}).Then(t, switched{true})
	dark := lamps()
	dark.Invariant = func(l *lamp) error {
		if l.On {
			return problem.Rule("TOO_BRIGHT", "no light, please")
		}
		return nil
	}
	giventest.Given(dark).When(turnOn).Refused(t, "TOO_BRIGHT")
}

// recorder is a testing.TB that remembers a failure instead of failing.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Fatal(args ...any)                 { r.fail(fmt.Sprint(args...)) }
func (r *recorder) Fatalf(format string, args ...any) { r.fail(fmt.Sprintf(format, args...)) }
func (r *recorder) fail(text string)                  { r.failure = text; panic(r) }

func failure(check func(testing.TB)) (text string) {
	r := &recorder{}
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
		text = r.failure
	}()
	check(r)
	return ""
}

func TestWrongExpectationsFail(t *testing.T) {
	t.Parallel()
	off, on := giventest.Given(lamps()), giventest.Given(lamps(), switched{true})
	dark := giventest.Given(lamps(), switched{false})
	changes := func(l *lamp, now time.Time) (command.Decision[lamp], error) {
		l.On = true
		return command.Decision[lamp]{}, nil
	}
	for name, c := range map[string]struct {
		check func(testing.TB)
		want  string
	}{
		"other payload":      {func(t testing.TB) { off.When(turnOn).Then(t, switched{false}) }, `{"on":true,"z":1}`},
		"missing event":      {func(t testing.TB) { on.When(turnOn).Then(t, switched{true}) }, "nothing"},
		"unexpected event":   {func(t testing.TB) { off.When(turnOn).Unchanged(t) }, "lamp.Switched"},
		"refused":            {func(t testing.TB) { off.When(fail).Then(t, switched{true}) }, "BROKEN"},
		"not refused":        {func(t testing.TB) { off.When(turnOn).Refused(t, "BROKEN") }, "want a refusal"},
		"other code":         {func(t testing.TB) { off.When(fail).Refused(t, "OTHER") }, "want OTHER"},
		"rule changes state": {func(t testing.TB) { dark.When(changes).Unchanged(t) }, "changed the state"},
	} {
		if got := failure(c.check); !strings.Contains(got, c.want) {
			t.Errorf("%s: the test failed with %q, want %q in it", name, got, c.want)
		}
	}
}
