package event_test

import (
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/event"
	"pgregory.net/rapid"
)

func position(t *rapid.T, label string) event.Position {
	return event.Position{
		Epoch: rapid.Uint16().Draw(t, label+" epoch"),
		XID:   rapid.Uint64Max(1<<48-1).Draw(t, label+" xid"),
		Seq:   rapid.Int64Min(0).Draw(t, label+" seq"),
	}
}

func TestPositionSurvivesItsEncodings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := position(t, "p")
		if got := event.FromBig(p.Big()); got != p {
			t.Fatalf("FromBig(Big(%v)) = %v", p, got)
		}
		if got, err := event.ParseToken(p.Token()); err != nil || got != p {
			t.Fatalf("ParseToken(Token(%v)) = %v, %v", p, got, err)
		}
		if got, err := event.ParsePosition(p.String()); err != nil || got != p {
			t.Fatalf("ParsePosition(%v) = %v, %v", p, got, err)
		}
	})
}

func TestBigSortsAsPositionsDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := position(t, "a"), position(t, "b")
		if a.Big().Cmp(b.Big()) != a.Compare(b) {
			t.Fatalf("%v and %v compare differently as numbers", a, b)
		}
	})
}

func TestForgedTokenIsRefused(t *testing.T) {
	for _, forged := range []string{"", "x", "!!!!", "AAAAAAAAAAD__________w", event.Position{Seq: 1}.Token() + "A"} {
		if p, err := event.ParseToken(forged); err == nil {
			t.Errorf("ParseToken(%q) = %v, want an error", forged, p)
		}
	}
}

func TestTextThatIsNoPositionIsRefused(t *testing.T) {
	for _, text := range []string{"", "1", "1/2", "1/2/3/4", "a/b/c", "70000/1/1", "1/1/-1", "1/2/3 ", "01/2/3", "1/281474976710656/1"} {
		if p, err := event.ParsePosition(text); err == nil {
			t.Errorf("ParsePosition(%q) = %v, want an error", text, p)
		}
	}
}
