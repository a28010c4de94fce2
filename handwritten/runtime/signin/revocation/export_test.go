package revocation

// SetCursor pretends that f has read up to a transaction just now.
func SetCursor(f *Feed, xid uint64) { f.cursor, f.asOf = xid, f.clock() }
