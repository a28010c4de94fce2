package main

import (
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/apps/internal/apptest"
)

// TestBadInput: whatever is wrong with a request, the answer is a problem with
// a code, and nothing is stored.
func TestBadInput(t *testing.T) {
	s := serve(t, ownEngines(t))
	_, c := s.tenant(t, "bad-input")
	probe, keeper := s.tenant(t, "other")
	mine := "/jobs/" + keeper.Must(t, 201, "POST", "/jobs", `{"title": "kept"}`).Object(t).ID
	stranger := apptest.Caller{Base: c.Base, Token: s.token(t, "stranger", probe, "PlatformAdmin")}

	for name, r := range map[string]struct {
		who          apptest.Caller
		method, path string
		body         string
		headers      []string
		status       int
		code         string
	}{
		"malformed JSON":              {c, "POST", "/jobs", `{"title": `, nil, 400, "INVALID_REQUEST"},
		"text after the JSON":         {c, "POST", "/jobs", `{"title": "x"} x`, nil, 400, "INVALID_REQUEST"},
		"not UTF-8":                   {c, "POST", "/jobs", "{\"title\": \"\xff\"}", nil, 400, "INVALID_REQUEST"},
		"no body":                     {c, "POST", "/jobs", "", nil, 400, "INVALID_REQUEST"},
		"null":                        {c, "POST", "/jobs", "null", nil, 400, "INVALID_REQUEST"},
		"array for object":            {c, "POST", "/jobs", "[]", nil, 400, "INVALID_REQUEST"},
		"number for text":             {c, "POST", "/jobs", `{"title": 1}`, nil, 400, "INVALID_REQUEST"},
		"text for list":               {c, "POST", "/jobs", `{"title": "x", "tags": "y"}`, nil, 400, "INVALID_REQUEST"},
		"unknown field":               {c, "POST", "/jobs", `{"title": "x", "prio": "high"}`, nil, 400, "INVALID_REQUEST"},
		"unknown field further in":    {s.admin, "POST", "/tenants", `{"name": "Nested", "slug": "nested", "settings": {"local": "de"}}`, nil, 400, "INVALID_REQUEST"},
		"repeated field":              {c, "POST", "/jobs", `{"title": "x", "title": "y"}`, nil, 400, "INVALID_REQUEST"},
		"NUL in a text":               {c, "POST", "/jobs", `{"title": "a\u0000b"}`, nil, 400, "INVALID_REQUEST"},
		"NUL in a list":               {c, "POST", "/jobs", `{"title": "x", "tags": ["\u0000"]}`, nil, 400, "INVALID_REQUEST"},
		"half of a character":         {c, "POST", "/jobs", `{"title": "\ud83d"}`, nil, 400, "INVALID_REQUEST"},
		"huge number":                 {c, "POST", "/jobs", `{"title": 1e999999}`, nil, 400, "INVALID_REQUEST"},
		"null for a field":            {c, "POST", "/jobs", `{"title": "x", "priority": null}`, nil, 400, "INVALID_REQUEST"},
		"body where none is taken":    {keeper, "POST", mine + "/start", `{"by": "me"}`, nil, 400, "INVALID_REQUEST"},
		"blank title":                 {c, "POST", "/jobs", `{"title": "  "}`, nil, 400, "INVALID_REQUEST"},
		"title too long":              {c, "POST", "/jobs", `{"title": "` + strings.Repeat("x", 201) + `"}`, nil, 400, "INVALID_REQUEST"},
		"unknown priority":            {c, "POST", "/jobs", `{"title": "x", "priority": "asap"}`, nil, 400, "INVALID_REQUEST"},
		"body too large":              {c, "POST", "/jobs", `{"title": "` + strings.Repeat("x", 2<<20) + `"}`, nil, 413, "BODY_TOO_LARGE"},
		"too deep":                    {c, "POST", "/jobs", `{"title": ` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, nil, 400, "INVALID_REQUEST"},
		"wrong content type":          {c, "POST", "/jobs", `{"title": "x"}`, []string{"Content-Type", "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"compressed body":             {c, "POST", "/jobs", `{"title": "x"}`, []string{"Content-Encoding", "gzip"}, 415, "UNSUPPORTED_ENCODING"},
		"wrong charset":               {c, "POST", "/jobs", `{"title": "x"}`, []string{"Content-Type", "application/json; charset=utf-16"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"no token":                    {apptest.Caller{Base: c.Base}, "POST", "/jobs", `{"title": "x"}`, nil, 401, "UNAUTHORIZED"},
		"forged token":                {apptest.Caller{Base: c.Base, Token: c.Token + "A"}, "POST", "/jobs", `{"title": "x"}`, nil, 401, "UNAUTHORIZED"},
		"role not enough":             {stranger, "POST", "/jobs", `{"title": "x"}`, nil, 403, "FORBIDDEN"},
		"member makes tenants":        {c, "POST", "/tenants", `{"name": "Mine", "slug": "mine"}`, nil, 403, "NOT_A_USER"},
		"slug taken":                  {s.admin, "POST", "/tenants", `{"name": "Twin", "slug": "other"}`, nil, 409, "SLUG_TAKEN"},
		"foreign tenant named":        {c, "POST", "/jobs", `{"title": "x"}`, []string{"X-Tenant-ID", probe}, 403, "TENANT_MISMATCH"},
		"stale If-Match":              {keeper, "POST", mine + "/start", "", []string{"If-Match", `"7"`}, 412, "STALE_VERSION"},
		"If-Match is no ETag":         {keeper, "POST", mine + "/start", "", []string{"If-Match", "one"}, 400, "INVALID_REQUEST"},
		"If-Match is for any version": {keeper, "POST", mine + "/start", "", []string{"If-Match", "*"}, 400, "INVALID_REQUEST"},
		"If-Match is weak":            {keeper, "POST", mine + "/start", "", []string{"If-Match", `W/"1"`}, 400, "INVALID_REQUEST"},
		"If-Match is a list":          {keeper, "POST", mine + "/start", "", []string{"If-Match", `"1", "2"`}, 400, "INVALID_REQUEST"},
		"If-Match is empty":           {keeper, "POST", mine + "/start", "", []string{"If-Match", ""}, 400, "INVALID_REQUEST"},
		"key is empty":                {c, "POST", "/jobs", `{"title": "x"}`, []string{"Idempotency-Key", ""}, 400, "INVALID_REQUEST"},
		"key is too long":             {c, "POST", "/jobs", `{"title": "x"}`, []string{"Idempotency-Key", strings.Repeat("k", 300)}, 400, "INVALID_REQUEST"},
		"key has a control character": {c, "POST", "/jobs", `{"title": "x"}`, []string{"Idempotency-Key", "a\tb"}, 400, "INVALID_REQUEST"},
		"id is no UUID":               {c, "GET", "/jobs/1", "", nil, 400, "INVALID_REQUEST"},
		"negative limit":              {c, "GET", "/jobs?limit=-1", "", nil, 400, "INVALID_REQUEST"},
		"no limit":                    {c, "GET", "/jobs?limit=0", "", nil, 400, "INVALID_REQUEST"},
		"no limit, in a history":      {keeper, "GET", mine + "/history?limit=0", "", nil, 400, "INVALID_REQUEST"},
		"version zero":                {keeper, "GET", mine + "/at?version=0", "", nil, 400, "INVALID_REQUEST"},
		"unknown parameter":           {c, "GET", "/jobs?staus=pending", "", nil, 400, "INVALID_REQUEST"},
		"repeated parameter":          {c, "GET", "/jobs?status=pending&status=completed", "", nil, 400, "INVALID_REQUEST"},
		"NUL in a parameter":          {c, "GET", "/jobs?created_by=%00", "", nil, 400, "INVALID_REQUEST"},
		"NUL in the path":             {s.admin, "GET", "/tenants/by-slug/a%00", "", nil, 400, "INVALID_REQUEST"},
		"huge limit":                  {c, "GET", "/jobs?limit=1000000", "", nil, 400, "INVALID_REQUEST"},
		"limit beyond numbers":        {c, "GET", "/jobs?limit=99999999999999999999", "", nil, 400, "INVALID_REQUEST"},
		"unknown sort":                {c, "GET", "/jobs?sort=title", "", nil, 400, "INVALID_REQUEST"},
		"unknown status":              {c, "GET", "/jobs?status=lost", "", nil, 400, "INVALID_REQUEST"},
		"no time":                     {c, "GET", "/jobs?created_at_gte=noon", "", nil, 400, "INVALID_REQUEST"},
		"forged cursor":               {c, "GET", "/jobs?cursor=" + strings.Repeat("A", 64), "", nil, 400, "INVALID_CURSOR"},
		"forged token of consistency": {c, "GET", "/jobs", "", []string{"Oksai-Consistency", "AAAA"}, 400, "INVALID_CONSISTENCY_TOKEN"},
		"unknown path":                {c, "GET", "/nothing", "", nil, 404, "NO_SUCH_PATH"},
		"wrong method":                {c, "DELETE", "/jobs", "", nil, 405, "METHOD_NOT_ALLOWED"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := r.who.Send(r.method, r.path, r.body, r.headers...)
			if err != nil {
				t.Fatal(err)
			}
			a.WantProblem(t, r.status, r.code)
		})
	}

	// A write after all of them, so that the lists would show what they stored.
	last := keeper.Must(t, 201, "POST", "/jobs", `{"title": "last"}`)
	if rows := apptest.List[jobRow](t, c, "/jobs", last.Seen()); len(rows) != 0 {
		t.Errorf("bad requests stored %+v", rows)
	}
	if job := keeper.Must(t, 200, "GET", mine, "").Object(t); job.Version != 1 {
		t.Errorf("bad requests changed the job to %+v", job)
	}
	own := apptest.List[jobRow](t, keeper, "/jobs", last.Seen())
	if len(own) != 2 {
		t.Errorf("the other tenant has %+v, want its two jobs", own)
	}
}
