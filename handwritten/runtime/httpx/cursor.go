package httpx

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

const (
	minSecretBytes = 32
	macBytes       = 16
	maxCursorBytes = 8 << 10
)

// Cursors makes the opaque texts by which clients ask for the next page, and
// reads them back. A client can neither write one nor use it for another list.
type Cursors struct{ secret []byte }

// NewCursors returns cursors signed with secret, which all replicas must share.
func NewCursors(secret []byte) (*Cursors, error) {
	if len(secret) < minSecretBytes {
		return nil, fmt.Errorf("httpx: the cursors' secret has %d bytes: use at least %d random ones", len(secret), minSecretBytes)
	}
	return &Cursors{secret: append([]byte(nil), secret...)}, nil
}

// CursorBind says what a cursor is good for: one tenant, one operation, and one
// set of filters and sort order, which parts describe.
func CursorBind(ctx context.Context, operation string, parts ...string) string {
	tenant := Tenant(ctx)
	bind := append([]byte(nil), tenant[:]...)
	for _, part := range append([]string{operation}, parts...) {
		// With its length, so that ("a", "bc") and ("ab", "c") differ.
		bind = binary.BigEndian.AppendUint32(bind, uint32(len(part)))
		bind = append(bind, part...)
	}
	return string(bind)
}

// Seal returns payload as a cursor that only Open with the same bind accepts.
func (c *Cursors) Seal(bind string, payload []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(c.mac(bind, payload), payload...))
}

// Open returns what was sealed with the same bind, nil for no cursor, and
// otherwise problem 400 INVALID_CURSOR.
func (c *Cursors) Open(bind, cursor string) ([]byte, error) {
	if cursor == "" {
		return nil, nil
	}
	if len(cursor) > maxCursorBytes {
		return nil, errCursor()
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < macBytes {
		return nil, errCursor()
	}
	payload := raw[macBytes:]
	if !hmac.Equal(raw[:macBytes], c.mac(bind, payload)) {
		return nil, errCursor()
	}
	return payload, nil
}

func (c *Cursors) mac(bind string, payload []byte) []byte {
	mac := hmac.New(sha256.New, c.secret)
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(bind)))
	mac.Write(size[:])
	mac.Write([]byte(bind))
	mac.Write(payload)
	return mac.Sum(nil)[:macBytes]
}

func errCursor() error {
	e := problem.New(400, "INVALID_CURSOR", "Invalid cursor", "the cursor is not one of this list with these filters; start again without it")
	e.Fields = []problem.FieldError{{Pointer: "query/cursor", Code: "INVALID_CURSOR", Message: "is not a cursor of this list"}}
	return e
}
