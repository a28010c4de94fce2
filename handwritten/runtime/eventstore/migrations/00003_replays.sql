-- +goose Up

-- When a parked event is to be handled again, as an operator wishes: by whichever
-- process has the reaction, once that time is past. Who handles it puts the time
-- off meanwhile, so that another one takes over from a process that dies.
ALTER TABLE oksai.dead_letters ADD COLUMN replay_at timestamptz;
CREATE INDEX dead_letters_replays ON oksai.dead_letters (consumer, replay_at) WHERE status = 'parked' AND replay_at IS NOT NULL;

-- What a reaction asks for each batch: which of its streams are parked, and what was given up.
CREATE INDEX dead_letters_streams ON oksai.dead_letters (consumer, stream_id);

-- +goose Down
DROP INDEX oksai.dead_letters_streams;
DROP INDEX oksai.dead_letters_replays;
ALTER TABLE oksai.dead_letters DROP COLUMN replay_at;
