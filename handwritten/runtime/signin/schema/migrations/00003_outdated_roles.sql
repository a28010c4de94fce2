-- +goose Up

-- What is refused of a subject: tokens of an older version. What has no versions
-- is of version 0, and refused altogether.
ALTER TABLE oksai_identity.revocations ADD COLUMN below bigint NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE oksai_identity.revocations DROP COLUMN below;
