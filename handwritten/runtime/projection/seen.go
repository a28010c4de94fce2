package projection

import "hash/maphash"

const (
	seenBits   = 1 << 26 // 8 MB: one false answer in 200 with five million rows
	seenHashes = 4
)

// seen is a Bloom filter over the rows a rebuild has written. Most rows of a
// rebuild are new, and asking ClickHouse for each whether it is would take
// longer than the fold. A false "maybe" costs a look-up; a "no" is always true.
type seen[K comparable] struct {
	seed maphash.Seed
	bits []uint64
}

func newSeen[K comparable]() *seen[K] {
	return &seen[K]{seed: maphash.MakeSeed(), bits: make([]uint64, seenBits/64)}
}

func (s *seen[K]) add(key K) {
	for _, bit := range s.places(key) {
		s.bits[bit/64] |= 1 << (bit % 64)
	}
}

func (s *seen[K]) maybe(key K) bool {
	for _, bit := range s.places(key) {
		if s.bits[bit/64]&(1<<(bit%64)) == 0 {
			return false
		}
	}
	return true
}

// places derives all hashes from the halves of one (Kirsch and Mitzenmacher).
func (s *seen[K]) places(key K) (places [seenHashes]uint64) {
	sum := maphash.Comparable(s.seed, key)
	first, second := sum&0xffffffff, sum>>32
	for i := range places {
		places[i] = (first + uint64(i)*second) % seenBits
	}
	return places
}
