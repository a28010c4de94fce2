package password_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"github.com/oksai/oksai/handwritten/runtime/signin/password"
)

// cheap costs make tests fast.
var cheap = password.Params{Memory: 64, Time: 1, Threads: 1}

func mustHash(t *testing.T, h *password.Hasher, text string) string {
	t.Helper()
	stored, err := h.Hash(t.Context(), secret.New(text))
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func verify(t *testing.T, h *password.Hasher, stored, text string) password.Verdict {
	t.Helper()
	verdict, err := h.Verify(t.Context(), stored, secret.New(text))
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func TestHashIsAPHCStringOfTheRecommendedCosts(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(password.Config{})
	stored := mustHash(t, h, "correct horse")
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(stored, "correct") {
		t.Errorf("hash %s", stored)
	}
	if v := verify(t, h, stored, "correct horse"); !v.Match || v.Outdated {
		t.Errorf("the right password: %+v", v)
	}
	if v := verify(t, h, stored, "correct horsf"); v.Match || v.Outdated {
		t.Errorf("a wrong password: %+v", v)
	}
	if stored == mustHash(t, h, "correct horse") {
		t.Error("equal passwords have equal hashes")
	}
}

func TestHashOfOtherCostsIsOutdated(t *testing.T) {
	t.Parallel()
	stored := mustHash(t, password.NewHasher(password.Config{Params: cheap}), "correct horse")
	h := password.NewHasher(password.Config{Params: password.Params{Memory: 128, Time: 1, Threads: 1}})
	if v := verify(t, h, stored, "correct horse"); !v.Match || !v.Outdated {
		t.Errorf("%+v, want a match that is outdated", v)
	}
	if v := verify(t, h, stored, "wrong horse"); v.Match || v.Outdated {
		t.Errorf("%+v for a wrong password", v)
	}
}

// TestUnknownUserCostsTheSame compares CPU-bound work of one process, in turns
// and the best of several, as other tests take the processor away: a check that
// skips the hash is a hundred times faster, not four.
func TestUnknownUserCostsTheSame(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(password.Config{})
	stored := mustHash(t, h, "correct horse")
	took := func(stored string) time.Duration {
		start := time.Now()
		if verify(t, h, stored, "wrong horse").Match {
			t.Error("a wrong password matches")
		}
		return time.Since(start)
	}
	known, unknown := time.Hour, time.Hour
	for range 8 {
		known, unknown = min(known, took(stored)), min(unknown, took(""))
	}
	if unknown < known/4 || known < unknown/4 {
		t.Errorf("a known user takes %v, an unknown one %v", known, unknown)
	}
	if verify(t, h, "", "").Match {
		t.Error("no password matches no hash")
	}
}

func TestLengthIsCountedInCharacters(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(password.Config{Params: cheap})
	for text, good := range map[string]bool{
		"1234567": false, "12345678": true, "ääääääää": true, "äöü": false, "日本語の合言葉だ": true, "😀😀😀😀😀😀😀😀": true,
		strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, strings.Repeat("😀", 128): true, strings.Repeat("😀", 129): false,
		strings.Repeat("x", 1<<20): false, "\xff\xfe12345678": false, "": false, "        ": true,
	} {
		stored, err := h.Hash(t.Context(), secret.New(text))
		var p *problem.Error
		if (err == nil) != good || err != nil && (!errors.As(err, &p) || p.Code != "INVALID_PASSWORD") {
			t.Errorf("Hash(%.20q) = %v", text, err)
		}
		if good && !verify(t, h, stored, text).Match {
			t.Errorf("%.20q does not match its own hash", text)
		}
		if !good && verify(t, h, mustHash(t, h, "correct horse"), text).Match {
			t.Errorf("%.20q matches", text)
		}
	}
	if composed := mustHash(t, h, "caf\u00e9 au lait"); !verify(t, h, composed, "cafe\u0301 au lait").Match {
		t.Error("another keyboard's way to type é is another password")
	}
}

func TestForgedHashesAreRefused(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(password.Config{Params: cheap})
	good := mustHash(t, h, "correct horse")
	parts := strings.Split(good, "$")
	forged := func(i int, text string) string {
		other := strings.Split(good, "$")
		other[i] = text
		return strings.Join(other, "$")
	}
	for _, bad := range []string{
		"x", "$", "$$$$$", forged(0, "x"), forged(1, "argon2i"), forged(2, "v=16"), forged(3, "m=64,t=1"), forged(3, "m=4294967295,t=1,p=1"), forged(3, "m=64,t=0,p=1"),
		forged(3, "m=64,t=1,p=0"), forged(3, "m=64,t=4000000000,p=1"), forged(3, "m=064,t=1,p=1"), forged(3, "m=64,t=1,p=256"), forged(3, "m=-1,t=1,p=1"),
		forged(4, "!"), forged(5, "!"), forged(5, ""), forged(5, parts[5]+"="), good + "$", good + " ", "$2a$10$abcdefghijklmnopqrstuv",
	} {
		v, err := h.Verify(t.Context(), bad, secret.New("correct horse"))
		if err == nil || v.Match || strings.Contains(err.Error(), bad) && len(bad) > 5 {
			t.Errorf("Verify(%q) = %+v, %v", bad, v, err)
		}
	}
}

func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(password.Config{Params: password.Params{Memory: 1024, Time: 3, Threads: 1}, Workers: 1})
	var all sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[int]int{}
	for range 400 {
		all.Go(func() {
			_, err := h.Verify(t.Context(), "", secret.New("wrong horse"))
			var p *problem.Error
			status := 0
			if errors.As(err, &p) {
				status = p.Status
			}
			mu.Lock()
			outcomes[status]++
			mu.Unlock()
		})
	}
	all.Wait()
	if outcomes[503] == 0 || outcomes[0] < 64 || outcomes[0]+outcomes[503] != 400 {
		t.Errorf("outcomes by status %v: want at least 64 checked and the rest refused with 503", outcomes)
	}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	busy := make(chan struct{})
	all.Go(func() { // keeps the only worker
		close(busy)
		for range 20 {
			_, _ = h.Verify(t.Context(), "", secret.New("wrong horse"))
		}
	})
	<-busy
	for range 10 { // a free worker and an ended context: either may win
		if _, err := h.Verify(gone, "", secret.New("wrong horse")); errors.Is(err, context.Canceled) {
			all.Wait()
			return
		}
	}
	t.Error("a caller that has left is served all the same")
}
