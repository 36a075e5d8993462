-- +goose Up

-- The files of campaigns, each once.
CREATE TABLE media (
    hash     TEXT     PRIMARY KEY,              -- SHA-256 of what it holds, in hexadecimal
    type     TEXT     NOT NULL,                 -- its MIME type
    size     BIGINT   NOT NULL,                 -- in bytes
    complete SMALLINT NOT NULL,                 -- 1: all of media_chunks is there
    kept_at  BIGINT   NOT NULL                  -- when it last came in
) WITHOUT ROWID;

-- What they hold, in pieces of at most 1 MiB.
CREATE TABLE media_chunks (
    hash    TEXT    NOT NULL,
    n       INTEGER NOT NULL,                   -- 0 is the first
    content BLOB    NOT NULL,
    PRIMARY KEY (hash, n)
);

-- What a campaign calls its files.
CREATE TABLE campaign_media (
    campaign_id BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    PRIMARY KEY (campaign_id, name)
) WITHOUT ROWID;
CREATE INDEX campaign_media_by_hash ON campaign_media (hash);

-- A file at the provider of a channel.
CREATE TABLE media_uploads (
    hash        TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    media_id    TEXT    NOT NULL DEFAULT '',    -- the provider's identifier; '' before the first upload
    uploaded_at BIGINT  NOT NULL DEFAULT 0,
    renew_at    BIGINT  NOT NULL DEFAULT 0,     -- when it is uploaded again
    until       BIGINT  NOT NULL DEFAULT 0,     -- when the provider forgets it
    holder      TEXT    NOT NULL,               -- who has uploaded it last, or is at it
    lease       BIGINT  NOT NULL,               -- until when the holder is at it, by the database's clock
    tries       INTEGER NOT NULL DEFAULT 0,     -- that failed since the last success
    trouble     TEXT    NOT NULL DEFAULT '',    -- why the last one failed
    due         BIGINT  NOT NULL DEFAULT 0,     -- not tried again before
    PRIMARY KEY (hash, channel)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE media_uploads;
DROP TABLE campaign_media;
DROP TABLE media_chunks;
DROP TABLE media;
