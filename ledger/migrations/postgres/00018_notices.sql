-- +goose Up

-- What providers have told of templates, numbers and accounts. The same notice
-- told again, by its words and its time, is the same row.
CREATE TABLE notices (
    key         TEXT    PRIMARY KEY,            -- a hash of what it says, of what, and when
    subject     TEXT    NOT NULL,               -- what kind of thing it tells of what
    channel     TEXT    NOT NULL,               -- of whose number or account it is
    topic       TEXT    NOT NULL,
    template    TEXT    NOT NULL,               -- empty where it is about none
    language    TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    at          BIGINT,                         -- by the provider's clock; NULL: it tells none
    first_heard BIGINT  NOT NULL,
    last_heard  BIGINT  NOT NULL,
    heard       BIGINT  NOT NULL,               -- how often
    effect      TEXT    NOT NULL                -- what it did; empty for nothing
);
CREATE INDEX notices_by_subject ON notices (subject, last_heard);
CREATE INDEX notices_by_channel ON notices (channel, last_heard);

-- What is known of a channel, a fact a row: the newest word on it.
CREATE TABLE channel_states (
    channel TEXT   NOT NULL,
    fact    TEXT   NOT NULL,
    value   TEXT   NOT NULL,
    told_at BIGINT NOT NULL,
    source  TEXT   NOT NULL,                    -- notice or asked
    PRIMARY KEY (channel, fact)
);

-- When a person last resumed it: what is older stops it no more.
ALTER TABLE campaigns ADD COLUMN resumed_at BIGINT;

-- +goose Down
ALTER TABLE campaigns DROP COLUMN resumed_at;
DROP TABLE channel_states;
DROP TABLE notices;
