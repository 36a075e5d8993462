-- +goose Up

-- Who did what, and by what way. A row is written in the transaction that acts.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY,
    at          BIGINT  NOT NULL,
    who         TEXT    NOT NULL,
    way         TEXT    NOT NULL,               -- page, api, cli, or own: Carillon by itself
    action      TEXT    NOT NULL,
    campaign_id BIGINT,                         -- whose campaign it was; NULL for none
    schedule    TEXT,                           -- the schedule's name; NULL for none
    about       TEXT    NOT NULL DEFAULT '',    -- a person's key, masked; '' for none
    person      TEXT,                           -- the hash that would take the person's place; NULL for none
    n           BIGINT  NOT NULL DEFAULT 0,     -- how many people or messages; 0 where that is not counted
    detail      TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX audit_by_campaign ON audit (campaign_id, id) WHERE campaign_id IS NOT NULL;
CREATE INDEX audit_by_person ON audit (person) WHERE person IS NOT NULL;

-- +goose Down
DROP TABLE audit;
