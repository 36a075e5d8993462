-- +goose Up

-- The slot's time passed while no scheduler ran, and it is made up for: it waits
-- for those before it, where it might be skipped else.
ALTER TABLE slots ADD COLUMN caught_up SMALLINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE slots DROP COLUMN caught_up;
