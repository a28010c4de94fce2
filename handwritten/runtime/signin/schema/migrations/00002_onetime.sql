-- +goose Up

-- How many tenants a user owns: who owns one cannot be disabled.
ALTER TABLE oksai_identity.accounts ADD COLUMN owns integer NOT NULL DEFAULT 0;

-- Secrets that travel by mail, each good for one use. subject is a user or an
-- invitation, tenant_id zero for what belongs to no tenant.
CREATE TABLE oksai_identity.onetime (
    id         uuid        PRIMARY KEY,
    tenant_id  uuid        NOT NULL,
    purpose    text        NOT NULL,
    subject    uuid        NOT NULL,
    hash       bytea       NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX onetime_subject ON oksai_identity.onetime (subject, purpose);
CREATE INDEX onetime_expires ON oksai_identity.onetime (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON oksai_identity.onetime TO oksai_writer;
GRANT SELECT ON oksai_identity.onetime TO oksai_reader;
ALTER TABLE oksai_identity.onetime ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY reader ON oksai_identity.onetime FOR SELECT TO oksai_reader USING (true);
-- As on the event store's tables, which say why it is written so.
CREATE POLICY writer ON oksai_identity.onetime TO oksai_writer
    USING (ARRAY[tenant_id] <@ (SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[]));

-- +goose Down
DROP TABLE oksai_identity.onetime;
ALTER TABLE oksai_identity.accounts DROP COLUMN owns;
