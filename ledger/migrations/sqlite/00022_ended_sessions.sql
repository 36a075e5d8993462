-- +goose Up

-- Sessions of browsers that were logged out before their cookie would have expired.
CREATE TABLE ended_sessions (
    hash TEXT   NOT NULL PRIMARY KEY,           -- SHA-256 of the session's id, in hexadecimal
    ends BIGINT NOT NULL                        -- when the cookie would have expired
) WITHOUT ROWID;

-- +goose Down
DROP TABLE ended_sessions;
