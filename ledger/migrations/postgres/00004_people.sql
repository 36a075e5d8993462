-- +goose Up

-- The time zones of a recipient, of which each has to be within the campaign's
-- hours: names with commas between them.
ALTER TABLE recipients ADD COLUMN zone TEXT NOT NULL DEFAULT '';

-- Who wanted the person to be left alone: 'operator', 'person' (by a message or a
-- button), 'provider' (told of it), or 'soft' (nobody seems to be there). What a
-- person says later takes back no operator's word.
ALTER TABLE suppressions ADD COLUMN source TEXT NOT NULL DEFAULT 'operator';

-- What people answered.
CREATE TABLE replies (
    id         TEXT   NOT NULL PRIMARY KEY,     -- the provider's identifier of the answer
    message_id BIGINT NOT NULL,                 -- the message that is answered
    at         BIGINT NOT NULL,                 -- when it was written, by the provider's clock
    payload    TEXT   NOT NULL,                 -- of the button, empty for none
    text       TEXT   NOT NULL                  -- of the button or of the message
);
CREATE INDEX replies_by_message ON replies (message_id);

-- Messages that reached nobody, per person, since one last showed a sign of life.
CREATE TABLE silences (
    person  TEXT     NOT NULL PRIMARY KEY,
    n       INTEGER  NOT NULL,
    message BIGINT   NOT NULL,                  -- the last of them; a repeated word on it counts once
    at      BIGINT   NOT NULL
);

-- People who were erased, by the hash of their key. What is sent to a list that
-- has them again leaves them out.
CREATE TABLE forgotten (
    hash TEXT   NOT NULL PRIMARY KEY,
    at   BIGINT NOT NULL
);

-- Made once and never shown.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE secrets;
DROP TABLE forgotten;
DROP TABLE silences;
DROP TABLE replies;
ALTER TABLE suppressions DROP COLUMN source;
ALTER TABLE recipients DROP COLUMN zone;
