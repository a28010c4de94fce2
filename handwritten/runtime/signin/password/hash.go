package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are argon2id's costs.
type Params struct {
	// Memory in KiB.
	Memory uint32
	// Time is the number of passes over the memory.
	Time uint32
	// Threads share the work of one hash.
	Threads uint8
}

// Recommended is the OWASP Password Storage Cheat Sheet's first choice for
// argon2id (19 MiB, 2 passes, 1 lane). RFC 9106 suggests 64 MiB with 3 passes
// and 4 lanes where memory allows; a sign-in would then take four lanes of a
// small machine, and an attacker's parallel sign-ins all of its memory.
var Recommended = Params{Memory: 19 * 1024, Time: 2, Threads: 1}

// RFC 9106, 3.1: 128 bits of salt and 256 of output suffice.
const (
	saltBytes = 16
	hashBytes = 32
)

// Bounds on what is read back: a forged row must not make us allocate a terabyte.
const (
	maxMemory  = 1 << 20
	maxTime    = 16
	maxThreads = 16
)

// hash is a parsed PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
type hash struct {
	params    Params
	salt, sum []byte
}

var phc = base64.RawStdEncoding.Strict()

func newHash(p Params, password []byte) hash {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	return hash{p, salt, p.sum(password, salt)}
}

func (p Params) sum(password, salt []byte) []byte {
	return argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, hashBytes)
}

func (h hash) matches(password []byte) bool {
	return subtle.ConstantTimeCompare(h.sum, h.params.sum(password, h.salt)) == 1
}

func (h hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.params.Memory, h.params.Time, h.params.Threads,
		phc.EncodeToString(h.salt), phc.EncodeToString(h.sum))
}

// parseHash does not quote what it complains about: a hash belongs into no log.
func parseHash(text string) (hash, error) {
	malformed := errors.New("password: the stored hash is not an argon2id PHC string")
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return hash{}, malformed
	}
	var h hash
	var version int
	costs := strings.Join(parts[1:4], "$")
	n, err := fmt.Sscanf(costs, "argon2id$v=%d$m=%d,t=%d,p=%d", &version, &h.params.Memory, &h.params.Time, &h.params.Threads)
	if err != nil || n != 4 || version != argon2.Version {
		return hash{}, malformed
	}
	if h.salt, err = phc.DecodeString(parts[4]); err != nil {
		return hash{}, malformed
	}
	if h.sum, err = phc.DecodeString(parts[5]); err != nil || len(h.sum) != hashBytes || h.String() != text {
		return hash{}, malformed
	}
	if p := h.params; p.Time < 1 || p.Time > maxTime || p.Threads < 1 || p.Threads > maxThreads || p.Memory > maxMemory {
		return hash{}, errors.New("password: the stored hash has costs out of bounds")
	}
	return h, nil
}
