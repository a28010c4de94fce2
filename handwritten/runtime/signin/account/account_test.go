package account_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/enginetest"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/account"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
	"github.com/oksai/oksai/handwritten/runtime/signin/revocation"
	"github.com/oksai/oksai/handwritten/runtime/signin/signintest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const right, wrong = "correct horse", "battery staple"

// lab is a store with one user, Ann.
type lab struct {
	*account.Store
	db    *eventstore.Store
	clock *signintest.Clock
	trail *signintest.Trail
	ann   uuid.UUID
}

func start(t *testing.T) lab {
	t.Helper()
	l := lab{db: signintest.Open(t, signintest.Database(t)), clock: signintest.NewClock(), trail: &signintest.Trail{}, ann: uuid.New()}
	l.Store = l.with(1)
	if err := signintest.SetPassword(t.Context(), l.Store, l.ann, right); err != nil {
		t.Fatal(err)
	}
	return l
}

// with is a store whose new hashes have another cost.
func (l lab) with(time uint32) *account.Store {
	hasher := password.NewHasher(password.Config{Params: password.Params{Memory: 64, Time: time, Threads: 1}})
	return account.New(account.Config{Store: l.db, Hasher: hasher, Auditor: l.trail, Clock: l.clock.Now})
}

func (l lab) try(t *testing.T, source, text string) error {
	t.Helper()
	_, err := l.Check(t.Context(), account.Attempt{Login: "ann@example.com", User: l.ann, Source: source, Password: secret.New(text)})
	return err
}

func code(err error) string {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

func TestOnlyTheRightPassword(t *testing.T) {
	t.Parallel()
	l := start(t)
	proof, err := l.Check(t.Context(), account.Attempt{Login: "ann@example.com", User: l.ann, Source: "here", Password: secret.New(right)})
	if err != nil || proof.User != l.ann {
		t.Fatalf("the right password: %v, %v", proof, err)
	}
	refused := l.try(t, "here", wrong)
	_, unknown := l.Check(t.Context(), account.Attempt{Login: "bob@example.com", Source: "here", Password: secret.New(right)})
	noPassword, nothing := uuid.New(), secret.Text{}
	_, none := l.Check(t.Context(), account.Attempt{Login: "cyd@example.com", User: noPassword, Source: "here", Password: nothing})
	for _, err := range []error{refused, unknown, none, l.try(t, "here", ""), l.try(t, "here", strings.Repeat("x", 1000))} {
		if code(err) != "INVALID_CREDENTIALS" || err.Error() != refused.Error() {
			t.Errorf("%v, want the same as %v", err, refused)
		}
	}
	if err := revocation.Block(t.Context(), l.db.Writer(), revocation.User(l.ann.String())); err != nil {
		t.Fatal(err)
	}
	if err := l.try(t, "here", right); code(err) != "INVALID_CREDENTIALS" {
		t.Errorf("a blocked user: %v", err)
	}
	if a, r := l.trail.Count(audit.PasswordAccepted), l.trail.Count(audit.PasswordRefused); a != 1 || r != 6 {
		t.Errorf("%d accepted and %d refused in the trail", a, r)
	}
	if all := fmt.Sprintf("%+v", l.trail.Events()); strings.Contains(all, right) || strings.Contains(all, wrong) || strings.Contains(all, "argon2") {
		t.Errorf("the trail tells secrets: %s", all)
	}
}

func TestNewPassword(t *testing.T) {
	t.Parallel()
	l := start(t)
	proof, err := l.Check(t.Context(), account.Attempt{Login: "ann", User: l.ann, Source: "here", Password: secret.New(right)})
	if err != nil {
		t.Fatal(err)
	}
	confirm := func() error {
		return pgx.BeginFunc(t.Context(), l.db.Writer(), func(tx pgx.Tx) error { return account.Confirm(t.Context(), tx, proof, l.clock.Now()) })
	}
	if err := confirm(); err != nil {
		t.Fatal(err)
	}
	if err := signintest.SetPassword(t.Context(), l.Store, l.ann, "short"); code(err) != "INVALID_PASSWORD" {
		t.Errorf("a short password: %v", err)
	}
	if err := signintest.SetPassword(t.Context(), l.Store, l.ann, wrong); err != nil {
		t.Fatal(err)
	}
	if err := confirm(); code(err) != "INVALID_CREDENTIALS" {
		t.Errorf("a proof by the old password: %v", err)
	}
	if code(l.try(t, "here", right)) != "INVALID_CREDENTIALS" || l.try(t, "here", wrong) != nil {
		t.Error("the old password is still good, or the new one is not")
	}
}

func TestPasswordIsHashedAnew(t *testing.T) {
	t.Parallel()
	l := start(t)
	hash := func() (text string) {
		if err := l.db.Writer().QueryRow(t.Context(), "SELECT password FROM oksai_identity.accounts").Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := hash()
	l.Store = l.with(2)
	if l.try(t, "here", wrong); hash() != before {
		t.Error("a wrong password is stored")
	}
	if err := l.try(t, "here", right); err != nil || !strings.Contains(hash(), "t=2") {
		t.Errorf("after a sign-in the hash is %s (%v)", hash(), err)
	}
	if err := l.try(t, "here", right); err != nil {
		t.Errorf("with the new hash: %v", err)
	}
}

// TestGuessingGetsSlow counts how many guesses one source has in a day.
func TestGuessingGetsSlow(t *testing.T) {
	t.Parallel()
	l := start(t)
	guesses := 0
	for elapsed := time.Duration(0); elapsed < 24*time.Hour; {
		err := l.try(t, "there", wrong)
		var throttled *account.ThrottledError
		switch {
		case errors.As(err, &throttled):
			if throttled.After <= 0 || throttled.After > 15*time.Minute || code(err) != "TOO_MANY_ATTEMPTS" {
				t.Fatalf("throttled: %v", err)
			}
			l.clock.Advance(throttled.After)
			elapsed += throttled.After
		case code(err) == "INVALID_CREDENTIALS":
			guesses++
		default:
			t.Fatal(err)
		}
	}
	if guesses < 50 || guesses > 150 {
		t.Errorf("%d guesses in a day, want about 100", guesses)
	}
	if l.try(t, "there", wrong); code(l.try(t, "there", right)) != "TOO_MANY_ATTEMPTS" {
		t.Error("while throttled, even the right password must not be told from others")
	}
	if l.trail.Count(audit.Throttled) == 0 {
		t.Error("the trail says nothing of it")
	}
	l.clock.Advance(25 * time.Hour)
	if err := l.try(t, "there", right); err != nil {
		t.Errorf("after a quiet day: %v", err)
	}
}

// TestParallelGuessesAreCountedFirst: nobody gets more guesses by sending them at once.
func TestParallelGuessesAreCountedFirst(t *testing.T) {
	t.Parallel()
	l := start(t)
	var tried atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if code(l.try(t, "there", wrong)) == "INVALID_CREDENTIALS" {
				tried.Add(1)
			}
		})
	}
	all.Wait()
	if n := tried.Load(); n != 5 {
		t.Errorf("%d guesses at once, want the 5 free ones", n)
	}
}

// TestNobodyIsLockedOut: while a thousand addresses try passwords, Ann comes in
// from where she worked before.
func TestNobodyIsLockedOut(t *testing.T) {
	t.Parallel()
	l := start(t)
	if err := l.try(t, "home", right); err != nil {
		t.Fatal(err)
	}
	guesses := 0
	for i := range 190 { // in the middle of a wait
		if code(l.try(t, fmt.Sprint("bot", i), wrong)) == "INVALID_CREDENTIALS" {
			guesses++
		}
		l.clock.Advance(time.Second)
	}
	if guesses > 20+10 {
		t.Errorf("%d guesses from as many addresses as seconds, want 20 and about one per half minute", guesses)
	}
	if err := l.try(t, "home", right); err != nil {
		t.Errorf("Ann at home: %v", err)
	}
	if err := l.try(t, "elsewhere", right); code(err) != "TOO_MANY_ATTEMPTS" {
		t.Errorf("elsewhere, during the attack: %v", err)
	}
	l.clock.Advance(30 * time.Second)
	if err := l.try(t, "elsewhere", right); err != nil {
		t.Errorf("elsewhere, half a minute after the attack: %v", err)
	}
}

// TestOnePasswordForManyUsers: nobody tries the same password on all users, not
// even with a sign-in of their own in between.
func TestOnePasswordForManyUsers(t *testing.T) {
	t.Parallel()
	l := start(t)
	guesses := 0
	for i := range 300 {
		_, err := l.Check(t.Context(), account.Attempt{Login: fmt.Sprint("user", i), Source: "there", Password: secret.New(wrong)})
		if code(err) == "INVALID_CREDENTIALS" {
			guesses++
		}
		_ = l.try(t, "there", right)
	}
	if guesses > 55 {
		t.Errorf("%d users were tried at once, want at most about 50", guesses)
	}
}

// TestUnknownLoginsAreThrottledAlike, or throttling would tell which logins exist.
func TestUnknownLoginsAreThrottledAlike(t *testing.T) {
	t.Parallel()
	l := start(t)
	for i := range 12 {
		known := l.try(t, "a", wrong)
		_, unknown := l.Check(t.Context(), account.Attempt{Login: "nobody@example.com", Source: "b", Password: secret.New(wrong)})
		if known.Error() != unknown.Error() {
			t.Errorf("attempt %d: %v for Ann, %v for nobody", i, known, unknown)
		}
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	l := start(t)
	if err := l.try(t, "home", right); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		const sql = `SELECT (SELECT count(*) FROM oksai_identity.attempts) + (SELECT count(*) FROM oksai_identity.known_sources)`
		if err := l.db.Writer().QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	for _, step := range []struct {
		advance time.Duration
		left    int
	}{{time.Hour, before}, {24 * time.Hour, 1}, {90 * 24 * time.Hour, 0}} {
		l.clock.Advance(step.advance)
		if err := l.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != step.left {
			t.Errorf("after %v more %d rows are left, want %d", step.advance, n, step.left)
		}
	}
}

func TestWithoutAnAuditTrailNobodySignsIn(t *testing.T) {
	t.Parallel()
	l := start(t)
	l.trail.Err = errors.New("the trail is full")
	if err := l.try(t, "here", right); !errors.Is(err, l.trail.Err) {
		t.Errorf("right: %v", err)
	}
	if err := l.try(t, "here", wrong); !errors.Is(err, l.trail.Err) {
		t.Errorf("wrong: %v", err)
	}
	if err := signintest.SetPassword(t.Context(), l.Store, l.ann, wrong); !errors.Is(err, l.trail.Err) {
		t.Errorf("a new password: %v", err)
	}
	l.trail.Err = nil
	if err := l.try(t, "here", right); err != nil {
		t.Errorf("a password that could not be audited replaced the old one: %v", err)
	}
}

// TestADeviceIsKnownOnlyAfterASuccess: who makes up a new device for each
// attempt is counted by the address all the same.
func TestADeviceIsKnownOnlyAfterASuccess(t *testing.T) {
	t.Parallel()
	l := start(t)
	try := func(source, device, text string) error {
		_, err := l.Check(t.Context(), account.Attempt{Login: "ann@example.com", User: l.ann, Source: source, Device: device, Password: secret.New(text)})
		return err
	}
	if err := try("home", "laptop", right); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := try("office", fmt.Sprint("made up ", i), wrong); i > 6 && code(err) != "TOO_MANY_ATTEMPTS" {
			t.Errorf("attempt %d with a device of its own: %v", i, err)
		}
	}
	if err := try("office", "phone", right); code(err) != "TOO_MANY_ATTEMPTS" {
		t.Errorf("an unknown device behind the address: %v", err)
	}
	if err := try("office", "laptop", right); err != nil {
		t.Errorf("the user's own device behind the address: %v", err)
	}
}

// TestOwningIsCountedOnceForEach: transactions about one user wait for one another.
func TestOwningIsCountedOnceForEach(t *testing.T) {
	t.Parallel()
	l := start(t)
	user := uuid.New()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			err := pgx.BeginFunc(t.Context(), l.db.Writer(), func(tx pgx.Tx) error {
				before, err := account.Owns(t.Context(), tx, user, 0, l.clock.Now())
				if err != nil {
					return err
				}
				if after, err := account.Owns(t.Context(), tx, user, 1, l.clock.Now()); err != nil || after != before+1 {
					return fmt.Errorf("%d after %d: %w", after, before, err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	_ = pgx.BeginFunc(t.Context(), l.db.Writer(), func(tx pgx.Tx) error {
		if n, err := account.Owns(t.Context(), tx, user, 0, l.clock.Now()); n != 16 || err != nil {
			t.Errorf("owns %d, %v", n, err)
		}
		return nil
	})
}
