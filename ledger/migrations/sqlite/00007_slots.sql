-- +goose Up

-- The slot's time passed while no scheduler ran, and it is made up for: it waits
-- for those before it, where it might be skipped else.
ALTER TABLE slots ADD COLUMN caught_up SMALLINT NOT NULL DEFAULT 0;

-- The second in which somebody last wanted it tried at once, in milliseconds.
ALTER TABLE slots ADD COLUMN asked_at BIGINT;
CREATE INDEX slots_by_asking ON slots (asked_at) WHERE asked_at IS NOT NULL;

-- +goose Down
DROP INDEX slots_by_asking;
ALTER TABLE slots DROP COLUMN asked_at;
ALTER TABLE slots DROP COLUMN caught_up;
