package httpx_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
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
	}
	members := httpx.Operation{Name: "StartJob", Roles: []string{"TenantMember", "TenantOwner"}}
	platform := httpx.Operation{Name: "SuspendTenant", Roles: []string{"PlatformAdmin"}, Platform: true}
	for name, c := range map[string]struct {
		token  string
		op     httpx.Operation
		header []string
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
		"an operation nobody described":      {token: "admin", want: "?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			var got authn.Principal
			s, _ := newServer(t, httpx.Config{}, module("m", map[string]http.HandlerFunc{
				"GET /": func(_ http.ResponseWriter, r *http.Request) {
					var ctx context.Context
					if ctx, err = httpx.Authorize(r.Context(), v, suspended{frozen}, c.token, c.op); err == nil {
						got, _ = authn.From(ctx)
						if httpx.Tenant(ctx) != got.Tenant || httpx.Caller(ctx).Subject != got.Subject || httpx.Metadata(ctx).User != got.Subject {
							t.Errorf("the context says %v", httpx.Caller(ctx))
						}
					}
				},
			}))
			r := request("GET", "/", "", "")
			if c.header != nil {
				r.Header["X-Tenant-Id"] = c.header
			}
			do(t, s, r)
			if code(err) != c.want {
				t.Errorf("Authorize = %v, want %q", err, c.want)
			}
			if c.want == "" && got.Subject != v[c.token].Subject {
				t.Errorf("principal %+v", got)
			}
		})
	}
}

func TestUnauthorizedNamesTheScheme(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, httpx.Config{}, module("m", map[string]http.HandlerFunc{
		"GET /": func(w http.ResponseWriter, r *http.Request) {
			_, err := httpx.Authorize(r.Context(), tokens{}, nil, "", httpx.Operation{Name: "X"})
			httpx.WriteProblem(r.Context(), w, err)
		},
	}))
	w := do(t, s, request("GET", "/", "", ""))
	wantProblem(t, w, 401, "UNAUTHORIZED")
	if w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("headers %v", w.Header())
	}
}
