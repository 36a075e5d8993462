-- +goose Up

-- Whom the numbers of a portfolio with a daily limit have written to, and when
-- last. Rows older than a day mean nothing and are deleted.
CREATE TABLE reached (
    portfolio TEXT   NOT NULL,
    person    TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (portfolio, person)
) WITHOUT ROWID;
CREATE INDEX reached_by_time ON reached (portfolio, at);

-- +goose Down
DROP TABLE reached;
