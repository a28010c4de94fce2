-- name: AppendBatch :many
SELECT a.command::int AS command, a.replayed::boolean AS replayed, a.hash::bytea AS hash, a.stream_id::uuid AS stream_id, a.version::bigint AS version,
    a.epoch::int AS epoch, a.xid::xid8 AS xid, a.seq::bigint AS seq
FROM oksai.append(
    @tenants::uuid[], @streams::uuid[], @modules::text[], @stream_types::text[], @expected::bigint[], @counts::bigint[],
    @users::text[], @correlations::uuid[], @causations::uuid[], @traces::text[], @times::timestamptz[],
    @key_commands::int[], @key_scopes::text[], @key_names::text[], @key_hashes::bytea[],
    @event_commands::int[], @event_ordinals::int[], @event_ids::uuid[], @event_types::text[], @event_schemas::int[], @event_published::boolean[], @event_payloads::json[],
    @timer_commands::int[], @timer_names::text[], @timer_dues::timestamptz[], @timer_cleared::boolean[]
) AS a (command, replayed, hash, stream_id, version, epoch, xid, seq);

-- name: MoveLimit :many
-- Moves one counter, and tells where it is then. No row means that the tenant's
-- streams were not counted yet; one of the empty scope says that they were.
INSERT INTO oksai.limits AS l (tenant_id, name, scope, value)
SELECT @tenant_id::uuid, @name::text, @scope::text, greatest(@delta::bigint, 0)
WHERE EXISTS (SELECT FROM oksai.limits c WHERE c.tenant_id = @tenant_id AND c.name = @name AND c.scope = '')
ON CONFLICT (tenant_id, name, scope) DO UPDATE SET value = greatest(l.value + @delta::bigint, 0)
RETURNING l.value;

-- name: BeginLimit :exec
-- Whoever comes first begins all counters of a limit; who counted beside it has counted the same.
WITH begun AS (
    INSERT INTO oksai.limits (tenant_id, name, scope, value) VALUES (@tenant_id, @name, '', @value) ON CONFLICT DO NOTHING RETURNING name
)
INSERT INTO oksai.limits (tenant_id, name, scope, value)
SELECT @tenant_id, begun.name, c.scope, c.value
FROM begun CROSS JOIN ROWS FROM (unnest(@scopes::text[]), unnest(@values::bigint[])) AS c (scope, value);

-- name: ListStreams :many
SELECT stream_id FROM oksai.events
WHERE tenant_id = @tenant_id AND module = @module AND stream_type = @stream_type AND version = 1;

-- name: FindKey :many
SELECT k.hash, k.stream_id, k.version, coalesce(e.epoch, 0)::int AS epoch, coalesce(e.xid, '0')::xid8 AS xid, coalesce(e.seq, 0)::bigint AS seq
FROM oksai.keys k LEFT JOIN oksai.events e ON e.tenant_id = k.tenant_id AND e.stream_id = k.stream_id AND e.version = k.version
WHERE k.tenant_id = @tenant_id AND k.scope = @scope AND k.name = @name;

-- name: ExpiredKeys :many
SELECT tenant_id, scope, name FROM oksai.keys WHERE at < @before ORDER BY at LIMIT @page;

-- name: DeleteKeys :exec
DELETE FROM oksai.keys k
USING ROWS FROM (unnest(@tenants::uuid[]), unnest(@scopes::text[]), unnest(@names::text[])) AS d (tenant_id, scope, name)
WHERE k.tenant_id = d.tenant_id AND k.scope = d.scope AND k.name = d.name AND k.at < @before;

-- name: Head :many
SELECT version FROM oksai.events WHERE tenant_id = @tenant_id AND stream_id = @stream_id ORDER BY version DESC LIMIT 1;

-- name: ReadStream :many
SELECT * FROM oksai.events
WHERE tenant_id = @tenant_id AND stream_id = @stream_id AND module = @module AND stream_type = @stream_type AND version >= @from_version
ORDER BY version
LIMIT @page;

-- name: ReadChanges :many
-- What folding needs of a stream. With the name of a schema, only what follows
-- its snapshot.
SELECT e.version, e.type, e.schema_version, e.payload, e.epoch, e.xid, e.seq, e.at FROM oksai.events e
WHERE e.tenant_id = @tenant_id AND e.stream_id = @stream_id AND e.module = @module AND e.stream_type = @stream_type AND e.version >= @from_version
  AND e.version > coalesce((SELECT s.version FROM oksai.snapshots s WHERE s.tenant_id = @tenant_id AND s.stream_id = @stream_id AND s.schema = @schema), 0)
ORDER BY e.version
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
WHERE module = ANY (@modules::text[]) AND due <= @now AND claimed_until <= @now
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
