// Package signingkey keeps the keys that sign our access tokens in the database,
// sealed, and replaces them on a schedule. All replicas sign and verify with the
// same keys.
package signingkey

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/eventstore"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/signin/audit"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
)

// Interval between two looks at the database, which Run of package signin keeps.
const Interval = 2 * time.Second

// Config of a Ring. All of it is required.
type Config struct {
	Store    *eventstore.Store
	Sealer   *seal.Sealer
	Auditor  audit.Auditor
	Clock    func() time.Time
	Schedule Schedule
}

// Ring is what one replica knows of the keys.
type Ring struct {
	config  Config
	current atomic.Pointer[keySet]
}

type key struct {
	span
	signer *authn.Signer
}

type keySet struct {
	keys []key // by signsFrom
	jwks []byte
}

// Open reads the keys, and makes the first one where there is none: a ring can
// sign and verify at once, and replicas that start together agree.
func Open(ctx context.Context, c Config) (*Ring, error) {
	r := &Ring{config: c}
	return r, r.Refresh(ctx)
}

// JWKS is the key set to publish: the keys that sign, have signed or will sign soon.
func (r *Ring) JWKS(context.Context) ([]byte, error) { return r.current.Load().jwks, nil }

// Issue signs a token with the key whose turn it is. Where no key's turn could
// be arranged, because the database was away for too long, it is problem 503.
func (r *Ring) Issue(g authn.Grant) (string, error) {
	now := r.config.Clock()
	for _, k := range r.current.Load().keys {
		if k.signs(now) {
			return k.signer.Issue(g)
		}
	}
	return "", problem.Unavailable("there is no key to sign a token with; retry shortly")
}

// Refresh reads the keys, and makes or removes one if it is time.
func (r *Ring) Refresh(ctx context.Context) error {
	keys, err := r.load(ctx, r.config.Store.Writer())
	if err != nil {
		return err
	}
	if r.due(keys) {
		if keys, err = r.rotate(ctx); err != nil {
			return err
		}
	}
	return r.use(keys)
}

func (r *Ring) due(keys []key) bool {
	now := r.config.Clock()
	_, due := r.config.Schedule.next(spans(keys), now)
	for _, k := range keys {
		due = due || now.After(k.keptUntil)
	}
	return due
}

// rotate does what is due, unless another replica has just done it.
func (r *Ring) rotate(ctx context.Context) (keys []key, err error) {
	err = pgx.BeginFunc(ctx, r.config.Store.Writer(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('oksai_identity.signing_keys'))"); err != nil {
			return fmt.Errorf("wait for other replicas that rotate signing keys: %w", err)
		}
		now := r.config.Clock()
		if _, err := tx.Exec(ctx, "DELETE FROM oksai_identity.signing_keys WHERE kept_until < $1", now); err != nil {
			return fmt.Errorf("remove old signing keys: %w", err)
		}
		if keys, err = r.load(ctx, tx); err != nil {
			return err
		}
		turn, due := r.config.Schedule.next(spans(keys), now)
		if !due {
			return nil
		}
		made, err := r.create(ctx, tx, turn)
		keys = append(keys, made)
		return err
	})
	return keys, err
}

func (r *Ring) create(ctx context.Context, tx pgx.Tx, turn span) (key, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return key{}, fmt.Errorf("make a signing key: %w", err)
	}
	signer, err := authn.NewSigner(private)
	if err != nil {
		return key{}, err
	}
	kid := signer.KeyID()
	const sql = `INSERT INTO oksai_identity.signing_keys (kid, sealed, signs_from, signs_until, kept_until) VALUES ($1, $2, $3, $4, $5)`
	sealed := r.config.Sealer.Seal(private.Seed(), purpose(kid))
	if _, err := tx.Exec(ctx, sql, kid, sealed, turn.signsFrom, turn.signsUntil, turn.keptUntil); err != nil {
		return key{}, fmt.Errorf("store a signing key: %w", err)
	}
	if err := r.config.Auditor.Audit(ctx, tx, audit.Event{Kind: audit.SigningKeyMade, At: r.config.Clock(), Key: kid}); err != nil {
		return key{}, fmt.Errorf("audit a signing key: %w", err)
	}
	return key{turn, signer}, nil
}

func (r *Ring) load(ctx context.Context, from eventstore.DB) ([]key, error) {
	const sql = `SELECT kid, sealed, signs_from, signs_until, kept_until FROM oksai_identity.signing_keys ORDER BY signs_from, kid`
	rows, err := from.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("load the signing keys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, r.read)
	if err != nil {
		return nil, fmt.Errorf("load the signing keys: %w", err)
	}
	return keys, nil
}

func (r *Ring) read(row pgx.CollectableRow) (k key, err error) {
	var kid string
	var sealed []byte
	if err := row.Scan(&kid, &sealed, &k.signsFrom, &k.signsUntil, &k.keptUntil); err != nil {
		return key{}, err
	}
	seed, err := r.config.Sealer.Open(sealed, purpose(kid))
	if err != nil {
		return key{}, err
	}
	if len(seed) != ed25519.SeedSize {
		return key{}, fmt.Errorf("signing key %s has %d bytes", kid, len(seed))
	}
	k.signer, err = authn.NewSigner(ed25519.NewKeyFromSeed(seed))
	return k, err
}

func (r *Ring) use(keys []key) error {
	signers := make([]*authn.Signer, len(keys))
	for i, k := range keys {
		signers[i] = k.signer
	}
	jwks, err := authn.JWKS(signers...)
	if err != nil {
		return err
	}
	r.current.Store(&keySet{keys, jwks})
	return nil
}

// purpose ties what is sealed to its row.
func purpose(kid string) string { return "oksai signing key " + kid }

func spans(keys []key) []span {
	all := make([]span, len(keys))
	for i, k := range keys {
		all[i] = k.span
	}
	return all
}
