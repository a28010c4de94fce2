package event

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
)

// Position is an event's place in the log. Sequence numbers are taken before
// commit, so they alone do not order a log that several transactions write:
// the transaction id comes first. Transaction ids restart when a database is
// restored from a dump, so the cluster's epoch comes before them.
// The zero Position is before every event.
type Position struct {
	Epoch uint16
	XID   uint64 // PostgreSQL xid8; 48 bits are kept
	Seq   int64
}

const xidBits = 48

// Compare returns -1, 0 or +1 as p is before, at, or after o.
func (p Position) Compare(o Position) int {
	return cmp.Or(cmp.Compare(p.Epoch, o.Epoch), cmp.Compare(p.XID, o.XID), cmp.Compare(p.Seq, o.Seq))
}

// After reports whether p is later in the log than o.
func (p Position) After(o Position) bool { return p.Compare(o) > 0 }

// IsZero reports whether p is the place before the first event.
func (p Position) IsZero() bool { return p == Position{} }

func (p Position) words() (hi, lo uint64) {
	return uint64(p.Epoch)<<xidBits | p.XID&(1<<xidBits-1), uint64(p.Seq)
}

// Big returns p as one 128-bit number that sorts as positions do; ClickHouse
// keeps it in a UInt128 column.
func (p Position) Big() *big.Int {
	var b [16]byte
	p.put(b[:])
	return new(big.Int).SetBytes(b[:])
}

// FromBig is the inverse of Big.
func FromBig(n *big.Int) Position {
	var b [16]byte
	n.FillBytes(b[:])
	return fromBytes(b[:])
}

// Token returns p as the opaque text that clients hand back to read their own writes.
func (p Position) Token() string {
	var b [16]byte
	p.put(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ParseToken is the inverse of Token. Any text that Token cannot have made is an error.
func ParseToken(s string) (Position, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 16 || b[8]&0x80 != 0 {
		return Position{}, fmt.Errorf("consistency token %.40q is not one this platform issued: send the value of an earlier answer unchanged, or leave it out", s)
	}
	return fromBytes(b), nil
}

// String prints p for operators, e.g. "1/742/15".
func (p Position) String() string { return fmt.Sprintf("%d/%d/%d", p.Epoch, p.XID, p.Seq) }

// ParsePosition is the inverse of String.
func ParsePosition(s string) (Position, error) {
	var p Position
	if n, err := fmt.Sscanf(s, "%d/%d/%d", &p.Epoch, &p.XID, &p.Seq); n != 3 || err != nil || p.String() != s || p.XID >= 1<<xidBits || p.Seq < 0 {
		return Position{}, fmt.Errorf("%q is no position in the log: write it as operators' tools print it, e.g. 1/742/15", s)
	}
	return p, nil
}

// MarshalText prints p as String does.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}

func (p Position) put(b []byte) {
	hi, lo := p.words()
	binary.BigEndian.PutUint64(b, hi)
	binary.BigEndian.PutUint64(b[8:], lo)
}

func fromBytes(b []byte) Position {
	hi, lo := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	return Position{Epoch: uint16(hi >> xidBits), XID: hi & (1<<xidBits - 1), Seq: int64(lo)}
}
