-- +goose Up

-- The position, in its campaign's list, of the channel that an attempt was made
-- on; NULL for attempts of versions whose messages never changed channels.
ALTER TABLE attempts ADD COLUMN channel SMALLINT;

-- +goose Down
ALTER TABLE attempts DROP COLUMN channel;
