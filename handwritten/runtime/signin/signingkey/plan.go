package signingkey

import "time"

// span is when a key does what.
type span struct {
	// A key signs from SignsFrom until SignsUntil, and is published from the
	// moment it is made until KeptUntil.
	signsFrom, signsUntil, keptUntil time.Time
}

func (s span) signs(now time.Time) bool {
	return !now.Before(s.signsFrom) && now.Before(s.signsUntil)
}

// Schedule says how long keys live.
type Schedule struct {
	// SignFor is how long a key signs.
	SignFor time.Duration
	// Ahead is how long a key is published before it signs, so that whoever
	// caches the key set has it in time.
	Ahead time.Duration
	// Keep is how long a key is published after it has signed: longer than a token lives.
	Keep time.Duration
}

// Daily suits access tokens that live for minutes and key sets that are cached for minutes.
var Daily = Schedule{SignFor: 24 * time.Hour, Ahead: time.Hour, Keep: time.Hour}

// next returns when the next key is to sign; false while it need not be made
// yet. After a pause without any key, that is at once.
func (s Schedule) next(keys []span, now time.Time) (span, bool) {
	from := now
	for _, k := range keys {
		if k.signsUntil.After(from) {
			from = k.signsUntil
		}
	}
	if from.Sub(now) > s.Ahead {
		return span{}, false
	}
	until := from.Add(s.SignFor)
	return span{signsFrom: from, signsUntil: until, keptUntil: until.Add(s.Keep)}, true
}
