package problem

// The problems that the platform itself can answer with. A module's own codes
// come from its spec, by Rule and Refusal.

// NotFound is also the answer for what belongs to another tenant: the two must not differ.
func NotFound(what string) *Error {
	return New(404, "NOT_FOUND", "Not found", "there is no such %s", what)
}

// Invalid lists what is wrong with a request's values.
func Invalid(fields ...FieldError) *Error {
	e := New(400, "INVALID_REQUEST", "Invalid request", "the request does not fit the API description; see errors")
	e.Fields = fields
	return e
}

// Rule is a business rule's refusal: a code and message from the spec.
func Rule(code, message string) *Error { return Refusal(409, code, message) }

// Refusal is one whose status the spec names, too.
func Refusal(status int, code, message string) *Error {
	return New(status, code, "Refused", "%s", message)
}

// Conflict says that someone else changed the object meanwhile.
func Conflict() *Error {
	return New(409, "CONCURRENT_CHANGE", "Concurrent change", "the object is being changed by others; load it again and retry")
}

// AlreadyExists answers a creating command whose id is taken.
func AlreadyExists(what string) *Error {
	return New(409, "ALREADY_EXISTS", "Already exists", "there is such a %s already", what)
}

// Stale answers an If-Match that names another version than the current one.
func Stale() *Error {
	return New(412, "STALE_VERSION", "Stale version", "If-Match does not name the current version; load the object again and use its ETag")
}

// KeyReused answers an Idempotency-Key that was used for another request.
func KeyReused() *Error {
	return New(422, "IDEMPOTENCY_KEY_REUSED", "Idempotency key reused", "this Idempotency-Key came with a different request before; use a new key for a new request")
}

// KeyInFlight answers an Idempotency-Key whose first request is still running.
func KeyInFlight() *Error {
	return New(409, "IDEMPOTENCY_KEY_IN_FLIGHT", "Request still running", "the first request with this Idempotency-Key is still running; retry shortly")
}

// Unauthorized says that no valid token came with the request.
func Unauthorized(detail string) *Error {
	return New(401, "UNAUTHORIZED", "Unauthorized", "%s", detail)
}

// Forbidden says that the token is valid but its roles do not allow this.
func Forbidden(detail string) *Error {
	return New(403, "FORBIDDEN", "Forbidden", "%s", detail)
}

// RateLimited answers calls that come faster than the named limit lets them.
func RateLimited(limit string) *Error {
	return New(429, "RATE_LIMITED", "Too many requests", "requests come faster than the limit per %s lets them; wait as long as Retry-After says", limit)
}

// QuotaExceeded answers calls of a tenant that has made all that its plan lets it make on a day.
func QuotaExceeded(calls int64) *Error {
	return New(429, "QUOTA_EXCEEDED", "Quota exceeded", "the tenant's plan has %d API calls per day, and they are used up; wait for the next day (UTC), or upgrade the plan", calls)
}

// StorageFull answers what would begin something more in a tenant that has filled its plan's storage.
func StorageFull(gb int64) *Error {
	return New(409, "STORAGE_FULL", "Storage full", "the tenant's plan has %d GB of storage, and they are full: nothing new can begin; upgrade the plan", gb)
}

// Unavailable says that a part the request needs is down; how names what to do.
func Unavailable(how string) *Error {
	return New(503, "UNAVAILABLE", "Temporarily unavailable", "%s", how)
}
