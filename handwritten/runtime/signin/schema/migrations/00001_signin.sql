-- What the platform must know to tell who is calling. What must stay secret is
-- kept as a hash, or sealed with a key that is not in the database.

-- +goose Up

-- One row per user who ever got a password or a session. version counts what
-- makes earlier proofs of identity void: a new password, signing out everywhere.
CREATE TABLE oksai_identity.accounts (
    user_id    uuid        PRIMARY KEY,
    password   text        NOT NULL DEFAULT '', -- PHC string; '' for none
    version    bigint      NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL
);

-- Attempts to sign in, counted before they are tried. id is a hash of what is
-- counted: an account, a source, or the two together.
CREATE TABLE oksai_identity.attempts (
    id            bytea       PRIMARY KEY,
    failures      integer     NOT NULL,
    blocked_until timestamptz NOT NULL,
    at            timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX attempts_at ON oksai_identity.attempts (at);

-- Where a user has signed in from before, as a hash of account and source.
CREATE TABLE oksai_identity.known_sources (
    id bytea       PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE INDEX known_sources_at ON oksai_identity.known_sources (at);

CREATE TABLE oksai_identity.sessions (
    id         uuid        PRIMARY KEY,
    login_id   uuid        NOT NULL, -- the session that began with a password
    user_id    uuid        NOT NULL,
    tenant_id  uuid        NOT NULL, -- zero for the platform's own people
    client     text        NOT NULL,
    -- A family's tokens share their id, which is kept as a hash.
    family     bytea       NOT NULL UNIQUE,
    generation bigint      NOT NULL,
    current    bytea       NOT NULL,
    previous   bytea       NOT NULL,
    successor  bytea       NOT NULL, -- the current token, sealed with the previous one
    rotated_at timestamptz,
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_why  text        NOT NULL DEFAULT ''
) WITH (fillfactor = 70);
CREATE INDEX sessions_user ON oksai_identity.sessions (user_id);
CREATE INDEX sessions_login ON oksai_identity.sessions (login_id);
CREATE INDEX sessions_expires ON oksai_identity.sessions (expires_at);

CREATE TABLE oksai_identity.signing_keys (
    kid         text        PRIMARY KEY,
    sealed      bytea       NOT NULL,
    signs_from  timestamptz NOT NULL,
    signs_until timestamptz NOT NULL,
    kept_until  timestamptz NOT NULL
);

CREATE TABLE oksai_identity.api_keys (
    id         uuid        PRIMARY KEY,
    tenant_id  uuid        NOT NULL,
    name       text        NOT NULL,
    roles      text[]      NOT NULL,
    hash       bytea       NOT NULL,
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz, -- null for never
    revoked_at timestamptz,
    used_at    timestamptz
) WITH (fillfactor = 70);
CREATE INDEX api_keys_tenant ON oksai_identity.api_keys (tenant_id);

-- Who is refused although a token or key says otherwise; until is null for as
-- long as nobody lifts it. xid lets readers poll for changes and miss none.
CREATE TABLE oksai_identity.revocations (
    kind  text        NOT NULL,
    id    text        NOT NULL,
    until timestamptz,
    xid   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (kind, id)
);
CREATE INDEX revocations_xid ON oksai_identity.revocations (xid);
CREATE INDEX revocations_until ON oksai_identity.revocations (until);

GRANT USAGE ON SCHEMA oksai_identity TO oksai_writer, oksai_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    oksai_identity.accounts, oksai_identity.attempts, oksai_identity.known_sources, oksai_identity.sessions,
    oksai_identity.signing_keys, oksai_identity.api_keys, oksai_identity.revocations
    TO oksai_writer;
-- The reader, who sees all tenants, sees no password and no key.
GRANT SELECT ON oksai_identity.sessions, oksai_identity.api_keys, oksai_identity.revocations TO oksai_reader;

-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['sessions', 'api_keys'] LOOP
        EXECUTE format('ALTER TABLE oksai_identity.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY reader ON oksai_identity.%I FOR SELECT TO oksai_reader USING (true)', name);
        -- As on the event store's tables, which say why it is written so.
        EXECUTE format($policy$
            CREATE POLICY writer ON oksai_identity.%I TO oksai_writer
            USING (ARRAY[tenant_id] <@ (SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[]))
        $policy$, name);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE oksai_identity.revocations, oksai_identity.api_keys, oksai_identity.signing_keys, oksai_identity.sessions,
    oksai_identity.known_sources, oksai_identity.attempts, oksai_identity.accounts;
