-- The audit trail of security events. What happened to aggregates is in the
-- event log; here is who came in, who was refused, and what operators did.

-- +goose Up

CREATE TABLE oksai_audit.entries (
    id         uuid        PRIMARY KEY,
    tenant_id  uuid        NOT NULL, -- zero for what concerns no tenant
    at         timestamptz NOT NULL,
    kind       text        NOT NULL,
    actor      text        NOT NULL, -- who did it, where that is not the user
    user_id    text        NOT NULL, -- whom it is about
    session_id uuid        NOT NULL,
    key        text        NOT NULL,
    source     text        NOT NULL,
    action     text        NOT NULL,
    target     text        NOT NULL
);
CREATE INDEX entries_of_tenant ON oksai_audit.entries (tenant_id, at DESC, id DESC);
CREATE INDEX entries_at ON oksai_audit.entries (at);

-- Append-only: nobody is granted UPDATE, DELETE or TRUNCATE, and the writer does not even read.
GRANT USAGE ON SCHEMA oksai_audit TO oksai_writer, oksai_reader;
GRANT INSERT ON oksai_audit.entries TO oksai_writer;
GRANT SELECT ON oksai_audit.entries TO oksai_reader;

ALTER TABLE oksai_audit.entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY reader ON oksai_audit.entries FOR SELECT TO oksai_reader USING (true);
-- What concerns no tenant is written in transactions that chose none.
CREATE POLICY writer ON oksai_audit.entries FOR INSERT TO oksai_writer
    WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'
        OR ARRAY[tenant_id] <@ (SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[]));

-- The owner deletes what is too old, through the function below, and by these
-- policies nothing that is younger, whatever the function is asked for.
CREATE POLICY retention_sees ON oksai_audit.entries FOR SELECT TO oksai_owner USING (at < now() - interval '90 days');
CREATE POLICY retention ON oksai_audit.entries FOR DELETE TO oksai_owner USING (at < now() - interval '90 days');

-- +goose StatementBegin
CREATE FUNCTION oksai_audit.forget(before timestamptz, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (
        DELETE FROM oksai_audit.entries
        WHERE id IN (SELECT id FROM oksai_audit.entries WHERE at < before ORDER BY at LIMIT most)
        RETURNING 1
    )
    SELECT count(*)::integer FROM gone
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION oksai_audit.forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oksai_audit.forget TO oksai_writer;

-- +goose Down
DROP FUNCTION oksai_audit.forget;
DROP TABLE oksai_audit.entries;
