-- Runs before the migrations, as the connecting user: the roles, the schema
-- and what guards the log's readers from a forgotten open transaction.
-- Replicas may all migrate at their start: one after the other.
SELECT pg_advisory_xact_lock(hashtext('oksai.bootstrap'));

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['oksai_owner', 'oksai_writer', 'oksai_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this cluster is being migrated just now
            END;
        END IF;
        -- A superuser may take any role; a grant would only collide with others'.
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('GRANT %I TO current_user', wanted);
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA IF NOT EXISTS oksai AUTHORIZATION oksai_owner;

-- An open transaction holds back all readers of the log, whoever left it open.
-- The store's own connections set this themselves.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = ''60s''', current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'not the owner of this database: set idle_in_transaction_session_timeout yourself';
END
$$;
