-- +goose Up

-- The time zones of a recipient, of which each has to be within the campaign's
-- hours: names with commas between them.
ALTER TABLE recipients ADD COLUMN zone TEXT NOT NULL DEFAULT '';

-- Who wanted the person to be left alone: 0 an operator; 1 the person, by a
-- message or a button; 2 the provider told of it; 3 nobody, but nobody seems to be
-- there. What one says is taken back by the same or a smaller number.
ALTER TABLE suppressions ADD COLUMN source SMALLINT NOT NULL DEFAULT 0;

-- What people answered.
CREATE TABLE replies (
    id         TEXT   NOT NULL PRIMARY KEY,     -- the provider's identifier of the answer
    message_id BIGINT NOT NULL,                 -- the message that is answered
    at         BIGINT NOT NULL,                 -- when it was written, by the provider's clock
    payload    TEXT   NOT NULL,                 -- of the button, empty for none
    text       TEXT   NOT NULL,                 -- of the button or of the message
    pressed    SMALLINT NOT NULL                -- 1: it was a button
) WITHOUT ROWID;
CREATE INDEX replies_by_message ON replies (message_id);

-- Messages that reached nobody, per person, since one last showed a sign of life.
CREATE TABLE silences (
    person  TEXT     NOT NULL PRIMARY KEY,
    n       INTEGER  NOT NULL,
    message BIGINT   NOT NULL,                  -- the last of them; a repeated word on it counts once
    since   BIGINT   NOT NULL                   -- when the first of them was known
) WITHOUT ROWID;

-- People who were erased, by the hash of their key. What is sent to a list that
-- has them again leaves them out.
CREATE TABLE forgotten (
    hash TEXT   NOT NULL PRIMARY KEY,
    at   BIGINT NOT NULL
) WITHOUT ROWID;

-- Made once and never shown.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE secrets;
DROP TABLE forgotten;
DROP TABLE silences;
DROP TABLE replies;
ALTER TABLE suppressions DROP COLUMN source;
ALTER TABLE recipients DROP COLUMN zone;
