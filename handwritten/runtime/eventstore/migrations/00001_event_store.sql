-- The runtime's own tables. Everything that a tenant owns carries tenant_id and
-- is guarded by row-level security, also against the owner (FORCE).

-- +goose Up

-- One row. A restored cluster restarts transaction ids, so positions carry the
-- epoch; Migrate advances it when it finds itself on another cluster.
CREATE TABLE oksai.cluster (
    singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch             integer NOT NULL CHECK (epoch BETWEEN 1 AND 65535),
    system_identifier bigint  NOT NULL
);

-- The log. The payload is json, not jsonb: the server never looks inside, and
-- appending costs a third less.
CREATE TABLE oksai.events (
    epoch          integer     NOT NULL,
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),
    seq            bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_id       uuid        NOT NULL,
    tenant_id      uuid        NOT NULL,
    module         text        NOT NULL,
    stream_type    text        NOT NULL,
    stream_id      uuid        NOT NULL,
    version        bigint      NOT NULL CHECK (version > 0),
    type           text        NOT NULL,
    schema_version integer     NOT NULL,
    published      boolean     NOT NULL,
    user_id        text        NOT NULL,
    correlation_id uuid        NOT NULL,
    causation_id   uuid        NOT NULL,
    trace          text        NOT NULL,
    payload        json        NOT NULL,
    at             timestamptz NOT NULL,
    -- The tenant comes first: equal ids of two tenants are two streams, so
    -- nobody can find out, or block, an id that another tenant uses.
    CONSTRAINT events_stream UNIQUE (tenant_id, stream_id, version)
);
CREATE UNIQUE INDEX events_log ON oksai.events (epoch, xid, seq);

-- Idempotency keys and inbox claims, written with the events they stand for.
CREATE TABLE oksai.keys (
    tenant_id uuid        NOT NULL,
    scope     text        NOT NULL,
    name      text        NOT NULL,
    hash      bytea       NOT NULL,
    stream_id uuid        NOT NULL,
    version   bigint      NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, scope, name)
);
CREATE INDEX keys_at ON oksai.keys (at);

CREATE TABLE oksai.snapshots (
    tenant_id uuid        NOT NULL,
    stream_id uuid        NOT NULL,
    version   bigint      NOT NULL,
    schema    text        NOT NULL,
    state     bytea       NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, stream_id)
);

CREATE TABLE oksai.timers (
    tenant_id     uuid        NOT NULL,
    stream_id     uuid        NOT NULL,
    name          text        NOT NULL,
    module        text        NOT NULL,
    stream_type   text        NOT NULL,
    due           timestamptz NOT NULL,
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (tenant_id, stream_id, name)
);
CREATE INDEX timers_due ON oksai.timers (due);

CREATE TABLE oksai.limits (
    tenant_id uuid   NOT NULL,
    name      text   NOT NULL,
    scope     text   NOT NULL,
    value     bigint NOT NULL,
    PRIMARY KEY (tenant_id, name, scope)
) WITH (fillfactor = 70);

-- What could not be handled after its retries. record is the event as it came.
CREATE TABLE oksai.dead_letters (
    consumer  text        NOT NULL,
    event_id  uuid        NOT NULL,
    tenant_id uuid        NOT NULL,
    stream_id uuid        NOT NULL,
    epoch     integer     NOT NULL,
    xid       xid8        NOT NULL,
    seq       bigint      NOT NULL,
    code      text        NOT NULL,
    error     text        NOT NULL,
    attempts  integer     NOT NULL,
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    status    text        NOT NULL CHECK (status IN ('parked', 'replayed', 'discarded')),
    record    json        NOT NULL,
    PRIMARY KEY (tenant_id, consumer, event_id)
);
CREATE INDEX dead_letters_parked ON oksai.dead_letters (consumer, last_at) WHERE status = 'parked';

-- How far each consumer has come. fence grows with each owner: a paused
-- process that wakes up holds an old one, and its save is refused.
CREATE TABLE oksai.checkpoints (
    consumer   text        NOT NULL,
    partition  integer     NOT NULL,
    fence      bigint      NOT NULL,
    epoch      integer     NOT NULL,
    xid        xid8        NOT NULL,
    seq        bigint      NOT NULL,
    count      bigint      NOT NULL,
    last_error text        NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, partition)
) WITH (fillfactor = 50);

-- The relay's cursor over the log, fenced in the same way.
CREATE TABLE oksai.relays (
    name         text        PRIMARY KEY,
    fence        bigint      NOT NULL,
    holder       text        NOT NULL,
    leased_until timestamptz NOT NULL,
    epoch        integer     NOT NULL,
    xid          xid8        NOT NULL,
    seq          bigint      NOT NULL,
    count        bigint      NOT NULL DEFAULT 0,
    last_error   text        NOT NULL DEFAULT '',
    updated_at   timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE oksai.projections (
    name       text        PRIMARY KEY,
    hash       text        NOT NULL,
    status     text        NOT NULL,
    paused     boolean     NOT NULL DEFAULT false,
    last_error text        NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT now()
);

GRANT USAGE ON SCHEMA oksai TO oksai_writer, oksai_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA oksai TO oksai_reader, oksai_writer;
-- The log is append-only: nobody is granted UPDATE or DELETE on it.
GRANT INSERT ON oksai.events TO oksai_writer;
GRANT INSERT, UPDATE, DELETE
    ON oksai.keys, oksai.snapshots, oksai.timers, oksai.limits, oksai.dead_letters,
       oksai.checkpoints, oksai.relays, oksai.projections
    TO oksai_writer;

-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['events', 'keys', 'snapshots', 'timers', 'limits', 'dead_letters'] LOOP
        EXECUTE format('ALTER TABLE oksai.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY reader ON oksai.%I FOR SELECT TO oksai_reader USING (true)', name);
        -- The sub-select reads the setting once per statement, not once per row.
        -- "Is contained" instead of "= ANY": no index serves it, so the planner
        -- cannot be tempted to fetch all rows of a tenant by the policy and look
        -- for the wanted ones there. After a local setting has ended it is '', not null.
        EXECUTE format($policy$
            CREATE POLICY writer ON oksai.%I TO oksai_writer
            USING (ARRAY[tenant_id] <@ (SELECT nullif(current_setting('oksai.tenants', true), '')::uuid[]))
        $policy$, name);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE oksai.projections, oksai.relays, oksai.checkpoints, oksai.dead_letters, oksai.limits,
    oksai.timers, oksai.snapshots, oksai.keys, oksai.events, oksai.cluster;
