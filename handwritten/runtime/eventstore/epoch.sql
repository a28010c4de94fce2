-- Runs after the migrations. Transaction ids order the log, and they start
-- again on a cluster that was filled from a dump. There they get a new epoch,
-- so that what is appended from now on comes after everything restored.
BEGIN;
-- Waits for appends under way; those that come later see the new epoch.
SET LOCAL ROLE oksai_owner;
LOCK TABLE oksai.events IN SHARE ROW EXCLUSIVE MODE;
-- The owner sees no tenant's rows; the reader's role sees all.
SET LOCAL ROLE oksai_reader;
SELECT set_config('oksai.ahead', EXISTS (
    SELECT FROM oksai.events
    WHERE epoch = (SELECT epoch FROM oksai.cluster) AND xid >= pg_snapshot_xmax(pg_current_snapshot())
)::text, true);
SET LOCAL ROLE oksai_owner;
INSERT INTO oksai.cluster AS c (epoch, system_identifier)
SELECT 1, system_identifier FROM pg_control_system()
ON CONFLICT (singleton) DO UPDATE SET epoch = c.epoch + 1, system_identifier = EXCLUDED.system_identifier
WHERE c.system_identifier <> EXCLUDED.system_identifier OR current_setting('oksai.ahead')::boolean;
COMMIT;
