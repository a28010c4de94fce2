-- What tenants use, as far as no event tells it.

-- +goose Up

-- Each process writes the sum of its own calls, so that writing it again changes
-- nothing; a tenant's calls are the sum of all its rows of a day.
CREATE TABLE oksai_usage.api_calls (
    tenant_id uuid   NOT NULL,
    day       date   NOT NULL,
    process   uuid   NOT NULL,
    calls     bigint NOT NULL CHECK (calls >= 0),
    PRIMARY KEY (tenant_id, day, process)
) WITH (fillfactor = 70);

GRANT USAGE ON SCHEMA oksai_usage TO oksai_writer, oksai_reader;
GRANT SELECT, INSERT, UPDATE ON oksai_usage.api_calls TO oksai_writer;
GRANT SELECT ON oksai_usage.api_calls TO oksai_reader;

ALTER TABLE oksai_usage.api_calls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY reader ON oksai_usage.api_calls FOR SELECT TO oksai_reader USING (true);
CREATE POLICY writer ON oksai_usage.api_calls TO oksai_writer
    USING (ARRAY[tenant_id] <@ (SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[]));

-- +goose Down
DROP TABLE oksai_usage.api_calls;
