-- +goose Up

-- When people last wrote to a number. For a day after that they may get what is no
-- template from it.
CREATE TABLE windows (
    person  TEXT   NOT NULL,            -- the key that was told; others of the person are in aliases
    channel TEXT   NOT NULL,
    at      BIGINT NOT NULL,            -- by the provider's clock, and never in the future
    message TEXT   NOT NULL DEFAULT '', -- the provider's identifier of the newest that can be answered
    shut    BIGINT NOT NULL DEFAULT 0,  -- when the provider last said that the window is shut
    PRIMARY KEY (person, channel)
) WITHOUT ROWID;
CREATE INDEX windows_by_at ON windows (at);

-- 1 for attempts whose content was no template.
ALTER TABLE attempts ADD COLUMN free_form SMALLINT;

-- +goose Down
ALTER TABLE attempts DROP COLUMN free_form;
DROP TABLE windows;
