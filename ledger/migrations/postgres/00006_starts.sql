-- +goose Up

-- When a person last took wishes back, and in which scope ('': in every one). A
-- wish from before that, which comes late or again, is old news.
CREATE TABLE starts (
    person TEXT     NOT NULL,
    scope  TEXT     NOT NULL,
    source SMALLINT NOT NULL,                   -- as in suppressions
    at     BIGINT   NOT NULL,
    PRIMARY KEY (person, scope, source)
);
CREATE INDEX starts_by_time ON starts (at);
CREATE INDEX slots_by_time ON slots (at);

-- +goose Down
DROP INDEX slots_by_time;
DROP TABLE starts;
