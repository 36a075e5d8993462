-- +goose Up

-- The secrets of a schedule's source, as package seal has sealed them; the
-- definition has the rest. Empty where there are none, and where they stand in
-- the definition of a version that knew no seal.
ALTER TABLE schedules ADD COLUMN sealed TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE schedules DROP COLUMN sealed;
