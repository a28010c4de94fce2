package onetime_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/onetime"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

type lab struct {
	*onetime.Store
	clock *signintest.Clock
}

func start(t *testing.T) lab {
	t.Helper()
	clock := signintest.NewClock()
	return lab{onetime.New(onetime.Config{Store: signintest.Open(t, signintest.Database(t)), Clock: clock.Now}), clock}
}

func (l lab) make(t *testing.T, f onetime.For) secret.Text {
	t.Helper()
	text, err := l.Make(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestASecretIsGoodOnce(t *testing.T) {
	t.Parallel()
	l := start(t)
	invited := onetime.For{Purpose: onetime.Invitation, Subject: uuid.New(), Tenant: uuid.New()}
	older, text := l.make(t, invited), l.make(t, invited)
	if _, err := l.Use(t.Context(), onetime.ResetPassword, text); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("for another purpose: %v", err)
	}
	if f, err := l.Find(t.Context(), onetime.Invitation, text); err != nil || f != invited {
		t.Errorf("found %+v, %v", f, err)
	}
	var good atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			switch f, err := l.Use(t.Context(), onetime.Invitation, text); {
			case err == nil && f == invited:
				good.Add(1)
			case !errors.Is(err, onetime.ErrInvalid):
				t.Errorf("used: %+v, %v", f, err)
			}
		})
	}
	all.Wait()
	if n := good.Load(); n != 1 {
		t.Errorf("it was good %d times", n)
	}
	if _, err := l.Use(t.Context(), onetime.Invitation, older); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("an older one for the same: %v", err)
	}
}

func TestWhatIsNoSecretOfOurs(t *testing.T) {
	t.Parallel()
	l := start(t)
	text := l.make(t, onetime.For{Purpose: onetime.ResetPassword, Subject: uuid.New()})
	changed := []byte(text.Reveal())
	changed[len(changed)-20] ^= 1
	for _, wrong := range []string{"", "oksaimail_", string(changed), text.Reveal() + " "} {
		if _, err := l.Use(t.Context(), onetime.ResetPassword, secret.New(wrong)); !errors.Is(err, onetime.ErrInvalid) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	l.clock.Advance(time.Hour)
	if _, err := l.Use(t.Context(), onetime.ResetPassword, text); !errors.Is(err, onetime.ErrInvalid) {
		t.Errorf("too old: %v", err)
	}
	if err := l.Forget(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNobodyFloodsAMailbox(t *testing.T) {
	t.Parallel()
	l := start(t)
	ann := onetime.For{Purpose: onetime.ResetPassword, Subject: uuid.New()}
	for range 5 {
		l.make(t, ann)
	}
	if _, err := l.Make(t.Context(), ann); !errors.Is(err, onetime.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	l.make(t, onetime.For{Purpose: onetime.ResetPassword, Subject: uuid.New()})
	l.clock.Advance(time.Hour)
	l.make(t, ann)
}
