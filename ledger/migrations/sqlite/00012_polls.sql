-- +goose Up

-- Attempts that the provider has to be asked about. Their identifiers at the
-- provider stand in attempts.
CREATE TABLE polls (
    message_id BIGINT  NOT NULL,
    attempt    INTEGER NOT NULL,
    channel    TEXT    NOT NULL,                -- through which it is asked
    due        BIGINT  NOT NULL,                -- when it is asked next
    tries      INTEGER NOT NULL DEFAULT 0,      -- how often it has been asked; not the throttled ones
    until      BIGINT  NOT NULL,                -- it is asked no more after this
    PRIMARY KEY (message_id, attempt)
) WITHOUT ROWID;
CREATE INDEX polls_to_feed ON polls (channel, due, message_id, attempt);
CREATE INDEX polls_by_end ON polls (until);

-- +goose Down
DROP TABLE polls;
