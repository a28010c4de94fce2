package service

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// utcNow is the machine's time, as exact as PostgreSQL keeps it.
func utcNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// clock is the platform's time: the machine's, unless OKSAI_CLOCK says otherwise.
func (c Config) clock() func() time.Time {
	if c.ahead == nil {
		return utcNow
	}
	return c.ahead
}

// clockAhead is ahead of the machine's clock by the duration that a file holds:
// who writes another one there sees what happens at the end of a billing period
// without waiting for it. All processes of a platform must have the same file.
// The clock never goes back: a smaller duration, or one that cannot be read,
// leaves it as it is.
func clockAhead(file string) (func() time.Time, error) {
	first, err := readAhead(file)
	if err != nil {
		return nil, fmt.Errorf("OKSAI_CLOCK: %w", err)
	}
	var ahead atomic.Int64
	ahead.Store(int64(first))
	return func() time.Time {
		by := ahead.Load()
		if now, err := readAhead(file); err == nil && int64(now) > by {
			ahead.CompareAndSwap(by, int64(now))
		}
		return utcNow().Add(time.Duration(ahead.Load()))
	}, nil
}

func readAhead(path string) (time.Duration, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("%w: write how far the clock is ahead, such as 720h, to that file", err)
	}
	ahead, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil || ahead < 0 {
		return 0, fmt.Errorf("%s holds %.40q: write how far the clock is ahead, such as 720h", path, text)
	}
	return ahead, nil
}
