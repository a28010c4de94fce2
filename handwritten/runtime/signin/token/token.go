// Package token is the form of the secrets that clients keep for us: API keys
// and refresh tokens,
// and for a while what we mail them.
//
// A token reads oksai_<id>_<secret>: a prefix by which people and leak scanners
// know what they have found, an id by which it is looked up, and 256 random bits
// with a checksum, so that a typo is refused without a look-up.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/secret"
)

// Kind begins a token. A token of one kind is nothing as another.
type Kind string

const (
	APIKey  Kind = "oksai_"
	Refresh Kind = "oksairefresh_"
	OneTime Kind = "oksaimail_"
)

const (
	secretBytes = 32
	idChars     = 26
	secretChars = 58
)

// Letters and digits only: a double click selects it all, and no address or
// shell changes it.
var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Token is a token that is well-formed, which says nothing about its being valid.
type Token struct {
	// ID looks the token up; not a secret of itself.
	ID   uuid.UUID
	text secret.Text
}

// New makes a token with a new secret.
func New(kind Kind, id uuid.UUID) Token {
	var random [secretBytes]byte
	_, _ = rand.Read(random[:]) // never fails: the process ends if there is no randomness
	return assemble(kind, id, random[:])
}

func assemble(kind Kind, id uuid.UUID, random []byte) Token {
	head := string(kind) + encoding.EncodeToString(id[:]) + "_"
	checksum := crc32.ChecksumIEEE(append([]byte(head), random...))
	tail := encoding.EncodeToString(binary.BigEndian.AppendUint32(random[:secretBytes:secretBytes], checksum))
	return Token{ID: id, text: secret.New(head + tail)}
}

// Parse returns the token that text spells; false for anything that New could not have made.
func Parse(kind Kind, text string) (Token, bool) {
	rest, found := strings.CutPrefix(text, string(kind))
	if !found || len(rest) != idChars+1+secretChars {
		return Token{}, false
	}
	id, err := encoding.DecodeString(rest[:idChars])
	if err != nil || len(id) != len(uuid.UUID{}) {
		return Token{}, false
	}
	random, err := encoding.DecodeString(rest[idChars+1:])
	if err != nil || len(random) != secretBytes+crc32.Size {
		return Token{}, false
	}
	t := assemble(kind, uuid.UUID(id), random[:secretBytes])
	// One token has one spelling; this compares the checksum, too.
	return t, subtle.ConstantTimeCompare([]byte(t.text.Reveal()), []byte(text)) == 1
}

// Text is what the client keeps.
func (t Token) Text() secret.Text { return t.text }

// Hash is what we keep. A fast hash is enough: nobody guesses 256 random bits,
// so that making each guess slow, as for passwords, would only slow us down.
func (t Token) Hash() []byte {
	hash := sha256.Sum256([]byte(t.text.Reveal()))
	return hash[:]
}
