// Package password hashes passwords with argon2id and checks them, in bounded
// memory and, for users that do not exist, at the same cost.
package password

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"unicode/utf8"

	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
	"golang.org/x/text/unicode/norm"
)

// A password's length in characters, and no other rule: NIST SP 800-63B asks
// for at least 8, at least 64 allowed, and no rules of composition.
const (
	MinChars = 8
	MaxChars = 128
)

// queuePerWorker bounds who may wait for one hash: beyond some seconds of
// waiting an answer helps nobody any more.
const queuePerWorker = 64

// Config of a Hasher. The zero Config is good.
type Config struct {
	// Params of new hashes; Recommended by default.
	Params Params
	// Workers is how many hashes are computed at once, each in Params.Memory; one per CPU by default.
	Workers int
}

// Hasher makes and checks hashes. Its methods may be called concurrently.
type Hasher struct {
	params  Params
	dummy   hash
	workers chan struct{}
	queue   chan struct{}
}

// NewHasher computes one hash, to compare with where there is none.
func NewHasher(c Config) *Hasher {
	if c.Params == (Params{}) {
		c.Params = Recommended
	}
	c.Workers = cmp.Or(c.Workers, runtime.GOMAXPROCS(0))
	return &Hasher{
		params: c.Params, dummy: newHash(c.Params, nil),
		workers: make(chan struct{}, c.Workers), queue: make(chan struct{}, c.Workers*queuePerWorker),
	}
}

// Hash returns the PHC string to store for a new password. It refuses a
// password of the wrong length with problem 400 INVALID_PASSWORD.
func (h *Hasher) Hash(ctx context.Context, password secret.Text) (string, error) {
	text, err := normalise(password)
	if err != nil {
		return "", err
	}
	var made hash
	if err := h.work(ctx, func() { made = newHash(h.params, text) }); err != nil {
		return "", err
	}
	return made.String(), nil
}

// Verdict is the outcome of a check.
type Verdict struct {
	Match bool
	// Outdated says that the hash was made with other costs than new ones:
	// hash the password again and store that.
	Outdated bool
}

// Verify checks a password against a stored hash. With no hash, because there is
// no such user, it costs the same and does not match.
func (h *Hasher) Verify(ctx context.Context, stored string, password secret.Text) (Verdict, error) {
	text, err := normalise(password)
	if err != nil {
		return Verdict{}, nil // nobody has such a password; that is no secret
	}
	against := h.dummy
	if stored != "" {
		if against, err = parseHash(stored); err != nil {
			return Verdict{}, err
		}
	}
	var match bool
	if err := h.work(ctx, func() { match = against.matches(text) }); err != nil {
		return Verdict{}, err
	}
	match = match && stored != ""
	return Verdict{Match: match, Outdated: match && against.params != h.params}, nil
}

// work runs do when a worker is free. argon2 itself cannot be interrupted.
func (h *Hasher) work(ctx context.Context, do func()) error {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return problem.Unavailable("too many sign-ins are waiting; retry in a few seconds")
	}
	select {
	case h.workers <- struct{}{}:
		defer func() { <-h.workers }()
	case <-ctx.Done():
		return fmt.Errorf("wait for a free worker to check a password: %w", context.Cause(ctx))
	}
	do()
	return nil
}

// normalise makes one of the ways to type the same characters (NIST SP 800-63B
// asks for NFKC), and counts them. Bytes come first: normalising takes time.
func normalise(password secret.Text) ([]byte, error) {
	text := password.Reveal()
	if len(text) <= MaxChars*utf8.UTFMax && utf8.ValidString(text) {
		if chars := utf8.RuneCountInString(text); chars >= MinChars && chars <= MaxChars {
			return norm.NFKC.Bytes([]byte(text)), nil
		}
	}
	return nil, problem.New(400, "INVALID_PASSWORD", "Invalid password", "a password has %d to %d characters", MinChars, MaxChars)
}
