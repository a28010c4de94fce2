-- name: AppendBatch :many
-- Appends one batch of commands, at most one per stream and per key, in one
-- statement. A command whose key is remembered, or whose stream is not at the
-- version it expects, leaves no trace and does not touch its neighbours.
WITH command AS (
    SELECT * FROM ROWS FROM (
        unnest(@commands::bigint[]), unnest(@tenants::uuid[]), unnest(@streams::uuid[]), unnest(@modules::text[]), unnest(@stream_types::text[]),
        unnest(@expected::bigint[]), unnest(@counts::bigint[]), unnest(@users::text[]), unnest(@correlations::uuid[]), unnest(@causations::uuid[]),
        unnest(@traces::text[]), unnest(@times::timestamptz[])
    ) AS c (n, tenant_id, stream_id, module, stream_type, expected, count, user_id, correlation_id, causation_id, trace, at)
), key AS (
    SELECT * FROM ROWS FROM (
        unnest(@key_commands::bigint[]), unnest(@key_tenants::uuid[]), unnest(@key_scopes::text[]), unnest(@key_names::text[]), unnest(@key_hashes::bytea[])
    ) AS k (n, tenant_id, scope, name, hash)
), remembered AS (
    SELECT key.n, k.stream_id, k.version, k.hash, k.tenant_id
    FROM key JOIN oksai.keys k ON k.tenant_id = key.tenant_id AND k.scope = key.scope AND k.name = key.name
), fresh AS (
    SELECT c.* FROM command c WHERE NOT EXISTS (SELECT FROM remembered r WHERE r.n = c.n)
), heads AS (
    -- A head that is not there can only be created: it was never written if the
    -- snapshot does not show it, as whoever expects a version has read it.
    INSERT INTO oksai.heads AS h (tenant_id, stream_id, module, stream_type, previous, version)
    SELECT f.tenant_id, f.stream_id, f.module, f.stream_type, f.expected, f.expected + f.count FROM fresh f
    WHERE f.expected = 0 OR EXISTS (SELECT FROM oksai.heads e WHERE e.tenant_id = f.tenant_id AND e.stream_id = f.stream_id)
    ORDER BY f.n
    ON CONFLICT (tenant_id, stream_id) DO UPDATE SET previous = EXCLUDED.previous, version = EXCLUDED.version
    WHERE h.version = EXCLUDED.previous AND h.module = EXCLUDED.module AND h.stream_type = EXCLUDED.stream_type
    RETURNING h.tenant_id, h.stream_id
), moved AS (
    SELECT f.* FROM fresh f JOIN heads h ON h.tenant_id = f.tenant_id AND h.stream_id = f.stream_id
), appended AS (
    INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type, schema_version, published,
        user_id, correlation_id, causation_id, trace, payload, at)
    SELECT (SELECT epoch FROM oksai.cluster), e.event_id, m.tenant_id, m.module, m.stream_type, m.stream_id, m.expected + e.ordinal, e.type,
        e.schema_version, e.published, m.user_id, m.correlation_id, m.causation_id, m.trace, e.payload, m.at
    FROM ROWS FROM (
        unnest(@event_commands::bigint[]), unnest(@event_ordinals::bigint[]), unnest(@event_ids::uuid[]), unnest(@event_types::text[]),
        unnest(@event_schemas::int[]), unnest(@event_published::boolean[]), unnest(@event_payloads::json[])
    ) AS e (n, ordinal, event_id, type, schema_version, published, payload)
    JOIN moved m ON m.n = e.n
    ORDER BY e.n, e.ordinal
    RETURNING epoch, xid, seq, tenant_id, stream_id, version
), claimed AS (
    INSERT INTO oksai.keys (tenant_id, scope, name, hash, stream_id, version, at)
    SELECT key.tenant_id, key.scope, key.name, key.hash, m.stream_id, m.expected + m.count, m.at
    FROM key JOIN moved m ON m.n = key.n
    ORDER BY key.tenant_id, key.scope, key.name
)
SELECT m.n::bigint AS command, false AS replayed, ''::bytea AS hash, a.stream_id::uuid AS stream_id, a.version::bigint AS version,
    a.epoch::int AS epoch, a.xid::xid8 AS xid, a.seq::bigint AS seq
FROM appended a JOIN moved m ON m.tenant_id = a.tenant_id AND m.stream_id = a.stream_id
UNION ALL
-- Nothing to append: the answer is the stream's last event.
SELECT m.n, false, ''::bytea, m.stream_id, m.expected, coalesce(e.epoch, 0), coalesce(e.xid, '0'), coalesce(e.seq, 0)
FROM moved m LEFT JOIN oksai.events e ON e.tenant_id = m.tenant_id AND e.stream_id = m.stream_id AND e.version = m.expected
WHERE m.count = 0
UNION ALL
SELECT r.n, true, r.hash, r.stream_id, r.version, coalesce(e.epoch, 0), coalesce(e.xid, '0'), coalesce(e.seq, 0)
FROM remembered r LEFT JOIN oksai.events e ON e.tenant_id = r.tenant_id AND e.stream_id = r.stream_id AND e.version = r.version
ORDER BY 1, 5;

-- name: SetTimers :exec
-- Follows AppendBatch in the same transaction. The event proves that its
-- command was not refused there. A statement of its own, as most batches have
-- no timers and even idle parts of a statement cost time.
WITH appended AS (
    SELECT e.tenant_id, e.stream_id, e.module, e.stream_type, t.name, t.due, t.cleared
    FROM ROWS FROM (
        unnest(@tenants::uuid[]), unnest(@streams::uuid[]), unnest(@versions::bigint[]), unnest(@event_ids::uuid[]),
        unnest(@names::text[]), unnest(@dues::timestamptz[]), unnest(@cleared::boolean[])
    ) AS t (tenant_id, stream_id, version, event_id, name, due, cleared)
    JOIN oksai.events e ON e.tenant_id = t.tenant_id AND e.stream_id = t.stream_id AND e.version = t.version AND e.event_id = t.event_id
), gone AS (
    DELETE FROM oksai.timers t USING appended a
    WHERE a.cleared AND t.tenant_id = a.tenant_id AND t.stream_id = a.stream_id AND t.name = a.name
)
INSERT INTO oksai.timers AS t (tenant_id, stream_id, name, module, stream_type, due)
SELECT a.tenant_id, a.stream_id, a.name, a.module, a.stream_type, a.due FROM appended a WHERE NOT a.cleared
ON CONFLICT (tenant_id, stream_id, name) DO UPDATE SET due = EXCLUDED.due, claimed_until = '-infinity'
WHERE t.due <> EXCLUDED.due;

-- name: MoveLimit :execrows
-- Moves one counter; no row means that the limit refuses.
INSERT INTO oksai.limits AS l (tenant_id, name, scope, value)
SELECT @tenant_id::uuid, @name::text, @scope::text, greatest(@delta::bigint, 0)
WHERE @delta::bigint <= 0 OR @max::bigint < 0 OR @delta::bigint <= @max::bigint
ON CONFLICT (tenant_id, name, scope) DO UPDATE SET value = greatest(l.value + @delta::bigint, 0)
WHERE @delta::bigint <= 0 OR @max::bigint < 0 OR l.value + @delta::bigint <= @max::bigint;

-- name: FindKey :many
SELECT k.hash, k.stream_id, k.version, coalesce(e.epoch, 0)::int AS epoch, coalesce(e.xid, '0')::xid8 AS xid, coalesce(e.seq, 0)::bigint AS seq
FROM oksai.keys k LEFT JOIN oksai.events e ON e.tenant_id = k.tenant_id AND e.stream_id = k.stream_id AND e.version = k.version
WHERE k.tenant_id = @tenant_id AND k.scope = @scope AND k.name = @name;

-- name: Head :many
SELECT version FROM oksai.heads WHERE tenant_id = @tenant_id AND stream_id = @stream_id;

-- name: ReadStream :many
SELECT * FROM oksai.events
WHERE tenant_id = @tenant_id AND stream_id = @stream_id AND module = @module AND stream_type = @stream_type AND version >= @from_version
ORDER BY version
LIMIT @page;

-- name: SaveSnapshot :exec
-- An older version never replaces a newer one of the same schema.
INSERT INTO oksai.snapshots AS s (tenant_id, stream_id, version, schema, state)
VALUES (@tenant_id, @stream_id, @version, @schema, @state)
ON CONFLICT (tenant_id, stream_id) DO UPDATE SET version = EXCLUDED.version, schema = EXCLUDED.schema, state = EXCLUDED.state, at = now()
WHERE s.version < EXCLUDED.version OR s.schema <> EXCLUDED.schema;

-- name: LoadSnapshot :many
SELECT version, schema, state FROM oksai.snapshots WHERE tenant_id = @tenant_id AND stream_id = @stream_id;

-- name: ReadLog :many
-- The only statement that reads the log. Sequence numbers and transaction ids
-- are taken before commit, so what lies at or beyond the oldest transaction
-- still running may yet get neighbours that sort before it: it stays out until
-- that transaction has ended. Events of earlier epochs are all settled. WITH
-- TIES keeps the last transaction of a page whole.
SELECT * FROM (
    SELECT * FROM oksai.events
    WHERE (epoch, xid, seq) > (@epoch::int, @xid::xid8, @seq::bigint)
      AND (epoch, xid) < ((SELECT c.epoch FROM oksai.cluster c), pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY epoch, xid
    FETCH FIRST (@page::int) ROWS WITH TIES
) page
ORDER BY epoch, xid, seq;

-- name: LastPosition :many
SELECT epoch, xid, seq FROM oksai.events
WHERE (epoch, xid) < ((SELECT c.epoch FROM oksai.cluster c), pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY epoch DESC, xid DESC, seq DESC
LIMIT 1;

-- name: OldestHeldBack :many
-- The oldest committed event that readers may not see yet.
SELECT at FROM oksai.events
WHERE (epoch, xid) >= ((SELECT c.epoch FROM oksai.cluster c), pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY at
LIMIT 1;

-- name: DueTimers :many
SELECT tenant_id, stream_id, name, module, stream_type, due FROM oksai.timers
WHERE due <= @now AND claimed_until <= @now
ORDER BY due
LIMIT @page;

-- name: ClaimTimers :many
UPDATE oksai.timers t SET claimed_until = @until::timestamptz
WHERE (t.tenant_id, t.stream_id, t.name) IN (
    SELECT l.tenant_id, l.stream_id, l.name
    FROM oksai.timers l
    JOIN ROWS FROM (unnest(@tenants::uuid[]), unnest(@streams::uuid[]), unnest(@names::text[])) AS d (tenant_id, stream_id, name)
      ON d.tenant_id = l.tenant_id AND d.stream_id = l.stream_id AND d.name = l.name
    WHERE l.due <= @now::timestamptz AND l.claimed_until <= @now::timestamptz
    FOR UPDATE OF l SKIP LOCKED
)
RETURNING t.tenant_id, t.stream_id, t.name, t.module, t.stream_type, t.due;

-- name: ClearTimer :exec
DELETE FROM oksai.timers WHERE tenant_id = @tenant_id AND stream_id = @stream_id AND name = @name AND due = @due;

-- name: LoadCheckpoint :many
SELECT * FROM oksai.checkpoints WHERE consumer = @consumer AND partition = @partition;

-- name: ListCheckpoints :many
SELECT * FROM oksai.checkpoints ORDER BY consumer, partition;

-- name: ClaimCheckpoint :one
INSERT INTO oksai.checkpoints AS c (consumer, partition, fence, epoch, xid, seq, count, last_error, updated_at)
VALUES (@consumer, @partition, 1, 0, '0', 0, 0, '', @now)
ON CONFLICT (consumer, partition) DO UPDATE SET fence = c.fence + 1
RETURNING *;

-- name: SaveCheckpoint :execrows
UPDATE oksai.checkpoints SET epoch = @epoch, xid = @xid, seq = @seq, count = @count, last_error = @last_error, updated_at = @now
WHERE consumer = @consumer AND partition = @partition AND fence = @fence
  AND (epoch, xid, seq) <= (@epoch, @xid, @seq);
