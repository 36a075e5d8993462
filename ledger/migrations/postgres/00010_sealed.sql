-- +goose Up

-- The secrets of a schedule's source, as package seal has sealed them; the
-- definition has the rest. Empty where there are none, and where they stand in
-- the definition of a version that knew no seal.
ALTER TABLE schedules ADD COLUMN sealed TEXT NOT NULL DEFAULT '';

-- Schedules that were removed or changed may have left secrets in the database's
-- files. The row remnants says so until they were rewritten.
INSERT INTO secrets (name, value)
SELECT 'remnants', '' WHERE EXISTS (SELECT 1 FROM schedules) OR EXISTS (SELECT 1 FROM slots);

-- +goose Down
DELETE FROM secrets WHERE name = 'remnants';
ALTER TABLE schedules DROP COLUMN sealed;
