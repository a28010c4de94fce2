package httpx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/httpx"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// tokens verifies by looking up.
type tokens map[string]authn.Principal

func (t tokens) Verify(_ context.Context, token string) (authn.Principal, error) {
	p, ok := t[token]
	if !ok {
		return authn.Principal{}, problem.Unauthorized("bad token")
	}
	return p, nil
}

type suspended []uuid.UUID

func (s suspended) Check(_ context.Context, tenant uuid.UUID) error {
	if slices.Contains(s, tenant) {
		return problem.New(403, "TENANT_SUSPENDED", "Suspended", "suspended")
	}
	return nil
}

func (s suspended) Exists(_ context.Context, tenant uuid.UUID) error {
	if tenant == nobodys {
		return problem.New(404, "TENANT_UNKNOWN", "Unknown", "unknown")
	}
	return nil
}

// nobodys is the id of no tenant.
var nobodys = uuid.New()

func code(err error) string {
	var p *problem.Error
	if !errors.As(err, &p) {
		if err != nil {
			return "?"
		}
		return ""
	}
	return p.Code
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	acme, frozen, other := uuid.New(), uuid.New(), uuid.New()
	v := tokens{
		"member":  {Subject: "ann", Tenant: acme, Roles: []string{"TenantMember"}},
		"nothing": {Subject: "eve", Tenant: acme},
		"frozen":  {Subject: "bob", Tenant: frozen, Roles: []string{"TenantOwner"}},
		"admin":   {Subject: "root", Roles: []string{"PlatformAdmin"}},
		"both":    {Subject: "amy", Tenant: acme, Roles: []string{"PlatformAdmin"}},
		"nowhere": {Subject: "joe", Roles: []string{"TenantOwner"}},
	}
	members := httpx.Operation{Name: "StartJob", Roles: []string{"TenantMember", "TenantOwner"}}
	operators := httpx.Operation{Name: "VoidInvoice", Roles: []string{"TenantOwner", "PlatformAdmin"}}
	platform := httpx.Operation{Name: "SuspendTenant", Roles: []string{"PlatformAdmin"}, Platform: true}
	for name, c := range map[string]struct {
		token  string
		op     httpx.Operation
		header []string
		works  uuid.UUID // the tenant worked for, if it is not the token's
		want   string
	}{
		"member":                             {token: "member", op: members},
		"member, header agrees":              {token: "member", op: members, header: []string{acme.String()}},
		"member, header of another tenant":   {token: "member", op: members, header: []string{other.String()}, want: "TENANT_MISMATCH"},
		"member, header twice, one agrees":   {token: "member", op: members, header: []string{acme.String(), other.String()}, want: "TENANT_MISMATCH"},
		"member, header is no id":            {token: "member", op: members, header: []string{"acme"}, want: "TENANT_MISMATCH"},
		"member, header empty":               {token: "member", op: members, header: []string{""}, want: "TENANT_MISMATCH"},
		"no role":                            {token: "nothing", op: members, want: "FORBIDDEN"},
		"no role needed":                     {token: "nothing", op: httpx.Operation{Name: "GetJob"}},
		"no token":                           {op: members, want: "UNAUTHORIZED"},
		"bad token":                          {token: "x", op: members, want: "UNAUTHORIZED"},
		"suspended tenant":                   {token: "frozen", op: members, want: "TENANT_SUSPENDED"},
		"suspended tenant, op for all":       {token: "frozen", op: httpx.Operation{Name: "GetTenant", AnyTenantStatus: true}},
		"platform operation":                 {token: "admin", op: platform},
		"platform operation, header chooses": {token: "admin", op: platform, header: []string{acme.String()}, want: "TENANT_MISMATCH"},
		"platform, header is the zero id":    {token: "admin", op: platform, header: []string{uuid.Nil.String()}, want: "TENANT_MISMATCH"},
		"tenant operation without a tenant":  {token: "admin", op: httpx.Operation{Name: "GetJob"}, want: "TENANT_REQUIRED"},
		"tenant's user, platform operation":  {token: "member", op: platform, want: "FORBIDDEN"},
		"operator, header chooses":           {token: "admin", op: operators, header: []string{acme.String()}, works: acme},
		"operator, suspended tenant":         {token: "admin", op: operators, header: []string{frozen.String()}, works: frozen},
		"operator, unknown tenant":           {token: "admin", op: operators, header: []string{nobodys.String()}, want: "TENANT_UNKNOWN"},
		"operator, header twice":             {token: "admin", op: operators, header: []string{acme.String(), acme.String()}, want: "TENANT_MISMATCH"},
		"operator, header is no id":          {token: "admin", op: operators, header: []string{"acme"}, want: "TENANT_MISMATCH"},
		"operator, header is the zero id":    {token: "admin", op: operators, header: []string{uuid.Nil.String()}, want: "TENANT_MISMATCH"},
		"operator, no header":                {token: "admin", op: operators, want: "TENANT_REQUIRED"},
		"operator, operation of tenants":     {token: "admin", op: members, header: []string{acme.String()}, want: "TENANT_MISMATCH"},
		"operator of one tenant":             {token: "both", op: operators, header: []string{other.String()}, want: "TENANT_MISMATCH"},
		"no operator, no tenant":             {token: "nowhere", op: operators, header: []string{acme.String()}, want: "TENANT_MISMATCH"},
		"an operation nobody described":      {token: "admin", want: "INTERNAL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got context.Context
			s, _ := newServer(t, httpx.Config{}, httpx.Module{
				Name: "m", Verifier: v, Guard: suspended{frozen},
				Find:    func(string, *url.URL) (httpx.Operation, bool) { return c.op, true },
				Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Context() }),
			})
			r := request("GET", "/", "", "")
			r.Header.Set("Authorization", "bearer "+c.token)
			if c.header != nil {
				r.Header["X-Tenant-Id"] = c.header
			}
			w := do(t, s, r)
			if c.want != "" {
				wantProblem(t, w, status[c.want], c.want)
				return
			}
			p := v[c.token]
			if c.works != uuid.Nil {
				p.Tenant = c.works
			}
			if w.Code != 200 || httpx.Tenant(got) != p.Tenant || httpx.Caller(got).Subject != p.Subject || httpx.Metadata(got).User != p.Subject {
				t.Errorf("%d %s; the context says %v", w.Code, w.Body, got)
			}
		})
	}
}

var status = map[string]int{"UNAUTHORIZED": 401, "FORBIDDEN": 403, "TENANT_MISMATCH": 403, "TENANT_REQUIRED": 403, "TENANT_SUSPENDED": 403, "TENANT_UNKNOWN": 404, "INTERNAL": 500}

// TestWhoIsCallingIsAskedFirst: who may not call learns nothing else, and is not
// listened to.
func TestWhoIsCallingIsAskedFirst(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, shop())
	for name, authorization := range map[string][]string{
		"none": nil, "empty": {""}, "two": {"Bearer test", "Bearer test"}, "basic": {"Basic dGVzdA=="}, "no scheme": {"test"}, "other token": {"Bearer x"},
	} {
		r := request("POST", "/orders?unknown=1", "text/plain", strings.Repeat("x", 2<<20))
		r.Header["Authorization"] = authorization
		w := do(t, s, r)
		wantProblem(t, w, 401, "UNAUTHORIZED")
		if w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: headers %v", name, w.Header())
		}
		if rest, err := io.ReadAll(r.Body); err != nil || len(rest) != 2<<20 {
			t.Errorf("%s: %d bytes of the body are left: %v", name, len(rest), err)
		}
	}
	if _, err := httpx.Admitted(t.Context()); code(err) != "UNAUTHORIZED" {
		t.Errorf("a request that went past the admission: %v", err)
	}
}

// TestWhoIsAUser: whose subject is an id and nothing else. An issuer's name in
// front of one makes nobody a user of ours.
func TestWhoIsAUser(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	for subject, want := range map[string]bool{
		id.String(): true, strings.ToUpper(id.String()): false, "urn:uuid:" + id.String(): false, "{" + id.String() + "}": false,
		strings.ReplaceAll(id.String(), "-", ""): false, "api-key:" + id.String(): false, "corporate:ann": false, "": false,
	} {
		caller := httpx.Caller(authn.With(t.Context(), authn.Principal{Subject: subject}))
		if (caller.User != nil) != want || want && *caller.User != id {
			t.Errorf("%q is the user %v", subject, caller.User)
		}
	}
}
