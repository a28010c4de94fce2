-- +goose Up

-- The bytes of each tenant's events, as far as the log was read for it.
CREATE TABLE oksai_usage.storage (
    tenant_id uuid   PRIMARY KEY,
    bytes     bigint NOT NULL CHECK (bytes >= 0)
) WITH (fillfactor = 50);

-- How far that is: one row. Whoever reads on moves it in the transaction of the
-- sums, so that no event counts twice.
CREATE TABLE oksai_usage.storage_position (
    epoch integer NOT NULL,
    xid   xid8    NOT NULL,
    seq   bigint  NOT NULL
);
INSERT INTO oksai_usage.storage_position VALUES (0, '0', 0);

GRANT SELECT, INSERT, UPDATE ON oksai_usage.storage TO oksai_writer;
GRANT SELECT, UPDATE ON oksai_usage.storage_position TO oksai_writer;
GRANT SELECT ON oksai_usage.storage, oksai_usage.storage_position TO oksai_reader;

ALTER TABLE oksai_usage.storage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY reader ON oksai_usage.storage FOR SELECT TO oksai_reader USING (true);
CREATE POLICY writer ON oksai_usage.storage TO oksai_writer
    USING (ARRAY[tenant_id] <@ (SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[]));

-- +goose Down
DROP TABLE oksai_usage.storage, oksai_usage.storage_position;
