package access

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/oksai/oksai/gen/identity"
	"github.com/oksai/oksai/handwritten/runtime/command"
	"github.com/oksai/oksai/handwritten/runtime/signin/apikey"
)

// CreateAPIKey implements identity.Operations. Nobody makes a key that can do
// what they could not grant a member.
func (a *Access) CreateAPIKey(ctx context.Context, caller command.Caller, in identity.CreateAPIKey) (identity.CreateAPIKeyResult, error) {
	owner := slices.Contains(caller.Roles, tenantOwner) || slices.Contains(caller.Roles, platformAdmin)
	if slices.Contains(in.Roles, platformAdmin) || slices.Contains(in.Roles, tenantOwner) && !owner {
		return identity.CreateAPIKeyResult{}, in.RoleEscalation()
	}
	if in.ExpiresAt != nil && !in.ExpiresAt.After(a.clock()) {
		return identity.CreateAPIKeyResult{}, in.ExpiresInThePast()
	}
	key, text, err := a.signIn.APIKeys.Create(ctx, apikey.Spec{
		Tenant: caller.Tenant, Name: in.Name, Roles: in.Roles, Expires: in.ExpiresAt, By: caller.Subject,
	})
	return identity.CreateAPIKeyResult{Key: key.ID, Secret: text}, err
}

// ListAPIKeys implements identity.Operations.
func (a *Access) ListAPIKeys(ctx context.Context, caller command.Caller, _ identity.ListAPIKeys) (identity.ListAPIKeysResult, error) {
	keys, err := a.signIn.APIKeys.List(ctx, caller.Tenant)
	items := make([]identity.APIKey, len(keys))
	for i, k := range keys {
		items[i] = identity.APIKey{
			Key: k.ID, Name: k.Name, Roles: k.Roles, CreatedBy: k.CreatedBy, CreatedAt: k.Created,
			ExpiresAt: k.Expires, RevokedAt: k.Revoked, UsedAt: k.Used,
		}
	}
	return identity.ListAPIKeysResult{Items: items}, err
}

// RevokeAPIKey implements identity.Operations.
func (a *Access) RevokeAPIKey(ctx context.Context, caller command.Caller, in identity.RevokeAPIKey) error {
	return a.signIn.APIKeys.Revoke(ctx, caller.Tenant, in.KeyID, caller.Subject)
}

// PublishedKeys implements identity.Operations.
func (a *Access) PublishedKeys(ctx context.Context, _ command.Caller, _ identity.PublishedKeys) (identity.PublishedKeysResult, error) {
	raw, err := a.signIn.Keys.JWKS(ctx)
	if err != nil {
		return identity.PublishedKeysResult{}, err
	}
	var set struct {
		Keys []struct{ Kty, Crv, Kid, X string }
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return identity.PublishedKeysResult{}, fmt.Errorf("read our own key set: %w", err)
	}
	keys := make([]identity.PublicKey, len(set.Keys))
	for i, k := range set.Keys {
		keys[i] = identity.PublicKey{Kty: k.Kty, Crv: k.Crv, Alg: "EdDSA", Use: "sig", Kid: k.Kid, X: k.X}
	}
	return identity.PublishedKeysResult{Keys: keys}, nil
}
