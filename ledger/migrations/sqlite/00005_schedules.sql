-- +goose Up

-- What starts campaigns again and again.
CREATE TABLE schedules (
    name       TEXT     NOT NULL PRIMARY KEY,
    definition TEXT     NOT NULL,               -- campaign.Schedule as JSON
    origin     TEXT     NOT NULL,               -- 'config' or 'api'
    paused     SMALLINT NOT NULL DEFAULT 0,
    next_at    BIGINT,                          -- the first slot that has no row; NULL while it is paused
    created_at BIGINT   NOT NULL,
    changes    BIGINT   NOT NULL DEFAULT 0      -- how often the row has changed
) WITHOUT ROWID;

-- The times at which they do. The rows of a schedule that was removed stay.
CREATE TABLE slots (
    schedule    TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    state       TEXT    NOT NULL,               -- campaign.SlotState
    until       BIGINT  NOT NULL DEFAULT 0,     -- nobody begins it before: it waits for another try, or is in hand
    campaign_id BIGINT,
    detail      TEXT    NOT NULL DEFAULT '',
    asked_by    TEXT    NOT NULL DEFAULT '',    -- who wanted it out of turn
    tries       INTEGER NOT NULL DEFAULT 0,     -- how often it was begun; tells one holder from the next
    PRIMARY KEY (schedule, at)
) WITHOUT ROWID;
CREATE INDEX slots_open ON slots (schedule, at) WHERE state IN ('due', 'running');
CREATE INDEX slots_by_campaign ON slots (campaign_id) WHERE campaign_id IS NOT NULL;

-- How late a scheduled campaign may start at most, in milliseconds; NULL: however late.
ALTER TABLE campaigns ADD COLUMN most_late BIGINT;

-- +goose Down
ALTER TABLE campaigns DROP COLUMN most_late;
DROP TABLE slots;
DROP TABLE schedules;
