-- The one way into the log.

-- +goose Up

-- Appends a batch of commands. Command n is what stands at index n of the first
-- arrays; its key, events and timers name it by that number. There is at most
-- one command per stream id and per key in a batch.
--
-- A command whose key is remembered gets the remembered answer; one whose stream
-- is not at the version it expects gets no row. Neither leaves a trace or touches
-- its neighbours. All others get a row for each event, or one if they have none.
--
-- Each step is one statement over arrays whose only joins are look-ups by index
-- and subscripts, so its time grows with the batch and with nothing else.
-- +goose StatementBegin
CREATE FUNCTION oksai.append(
    tenants uuid[], streams uuid[], modules text[], stream_types text[], expected bigint[], counts bigint[],
    users text[], correlations uuid[], causations uuid[], traces text[], times timestamptz[],
    key_commands int[], key_scopes text[], key_names text[], key_hashes bytea[],
    event_commands int[], event_ordinals int[], event_ids uuid[], event_types text[], event_schemas int[], event_published boolean[], event_payloads json[],
    timer_commands int[], timer_names text[], timer_dues timestamptz[], timer_cleared boolean[]
) RETURNS TABLE (command int, replayed boolean, hash bytea, stream_id uuid, version bigint, epoch int, xid xid8, seq bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    known boolean[]; -- by its key
    done  boolean[];
BEGIN
    PERFORM set_config('oksai.tenants', tenants::text, true);

    IF key_commands <> '{}' THEN
        replayed := true;
        FOR command, stream_id, version, hash, epoch, xid, seq IN
            SELECT q.n, k.stream_id, k.version, k.hash, coalesce(e.epoch, 0), coalesce(e.xid, '0'), coalesce(e.seq, 0)
            FROM ROWS FROM (unnest(key_commands), unnest(key_scopes), unnest(key_names)) AS q (n, scope, name)
            JOIN oksai.keys k ON k.tenant_id = tenants[q.n] AND k.scope = q.scope AND k.name = q.name
            LEFT JOIN oksai.events e ON e.tenant_id = k.tenant_id AND e.stream_id = k.stream_id AND e.version = k.version
        LOOP
            known[command] := true;
            RETURN NEXT;
        END LOOP;
        hash := NULL;
    END IF;
    replayed := false;

    -- The last event tells a stream's version. Whoever appends at the same time in
    -- another process comes first or is waited for: the unique index decides.
    FOR command, stream_id, version, epoch, xid, seq IN
        INSERT INTO oksai.events (epoch, event_id, tenant_id, module, stream_type, stream_id, version, type, schema_version, published,
            user_id, correlation_id, causation_id, trace, payload, at)
        SELECT (SELECT epoch FROM oksai.cluster), e.event_id, tenants[e.n], modules[e.n], stream_types[e.n], streams[e.n], expected[e.n] + e.ordinal,
            e.type, e.schema_version, e.published, users[e.n], correlations[e.n], causations[e.n], traces[e.n], e.payload, times[e.n]
        FROM ROWS FROM (
            unnest(event_commands), unnest(event_ordinals), unnest(event_ids), unnest(event_types),
            unnest(event_schemas), unnest(event_published), unnest(event_payloads)
        ) AS e (n, ordinal, event_id, type, schema_version, published, payload)
        WHERE known[e.n] IS NULL AND expected[e.n] = coalesce((
            SELECT CASE WHEN (last.module, last.stream_type) = (modules[e.n], stream_types[e.n]) THEN last.version ELSE -1 END
            FROM oksai.events last WHERE last.tenant_id = tenants[e.n] AND last.stream_id = streams[e.n] ORDER BY last.version DESC LIMIT 1
        ), 0)
        ON CONFLICT (tenant_id, stream_id, version) DO NOTHING
        RETURNING array_position(streams, stream_id), stream_id, version, epoch, xid, seq
    LOOP
        IF done[command] IS NULL AND version <> expected[command] + 1 THEN
            RAISE EXCEPTION 'the first event of a command met another process''s' USING ERRCODE = 'serialization_failure';
        END IF;
        done[command] := true;
        RETURN NEXT;
    END LOOP;

    IF 0 = ANY (counts) THEN -- nothing to append: the answer is the stream's last event
        FOR command, stream_id, version, epoch, xid, seq IN
            SELECT c.n, c.stream_id, c.expected, coalesce(last.epoch, 0), coalesce(last.xid, '0'), coalesce(last.seq, 0)
            FROM ROWS FROM (unnest(tenants), unnest(streams), unnest(expected), unnest(counts)) WITH ORDINALITY AS c (tenant_id, stream_id, expected, count, n)
            LEFT JOIN LATERAL (
                SELECT e.* FROM oksai.events e WHERE e.tenant_id = c.tenant_id AND e.stream_id = c.stream_id ORDER BY e.version DESC LIMIT 1
            ) last ON true
            WHERE c.count = 0 AND known[c.n] IS NULL AND c.expected = coalesce(last.version, 0)
        LOOP
            done[command] := true;
            RETURN NEXT;
        END LOOP;
    END IF;

    IF key_commands <> '{}' THEN
        INSERT INTO oksai.keys (tenant_id, scope, name, hash, stream_id, version, at)
        SELECT tenants[k.n], k.scope, k.name, k.hash, streams[k.n], expected[k.n] + counts[k.n], times[k.n]
        FROM ROWS FROM (unnest(key_commands), unnest(key_scopes), unnest(key_names), unnest(key_hashes)) AS k (n, scope, name, hash)
        WHERE done[k.n]
        ORDER BY 1, 2, 3;
    END IF;

    IF timer_commands <> '{}' THEN
        DELETE FROM oksai.timers t
        USING ROWS FROM (unnest(timer_commands), unnest(timer_names), unnest(timer_cleared)) AS w (n, name, cleared)
        WHERE t.tenant_id = tenants[w.n] AND t.stream_id = streams[w.n] AND t.name = w.name AND w.cleared AND done[w.n];

        INSERT INTO oksai.timers AS t (tenant_id, stream_id, name, module, stream_type, due)
        SELECT tenants[w.n], streams[w.n], w.name, modules[w.n], stream_types[w.n], w.due
        FROM ROWS FROM (unnest(timer_commands), unnest(timer_names), unnest(timer_dues), unnest(timer_cleared)) AS w (n, name, due, cleared)
        WHERE NOT w.cleared AND done[w.n]
        ON CONFLICT (tenant_id, stream_id, name) DO UPDATE SET due = EXCLUDED.due, claimed_until = '-infinity'
        WHERE t.due <> EXCLUDED.due;
    END IF;
END
$$;
-- +goose StatementEnd
GRANT EXECUTE ON FUNCTION oksai.append TO oksai_writer;

-- +goose Down
DROP FUNCTION oksai.append;
