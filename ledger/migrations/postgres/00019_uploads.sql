-- +goose Up

-- Lists that were uploaded before their campaign is written. One is there once it
-- has a row here; its pieces come first.
CREATE TABLE uploads (
    id         TEXT    NOT NULL PRIMARY KEY,    -- nobody can guess it
    owner      TEXT    NOT NULL,                -- the name of the token that brought it
    name       TEXT    NOT NULL,                -- of the file
    size       BIGINT  NOT NULL,                -- in bytes
    hash       TEXT    NOT NULL,                -- SHA-256 of the content
    created_at BIGINT  NOT NULL
);
CREATE INDEX uploads_by_age ON uploads (created_at);

CREATE TABLE upload_pieces (
    upload_id  TEXT    NOT NULL,
    n          INTEGER NOT NULL,                -- from 0
    content    BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    PRIMARY KEY (upload_id, n)
);
CREATE INDEX upload_pieces_by_age ON upload_pieces (created_at);

-- +goose Down
DROP TABLE upload_pieces;
DROP TABLE uploads;
