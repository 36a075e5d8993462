-- +goose Up

-- The template lists of the accounts at the providers, as they were told last.
CREATE TABLE template_lists (
    account TEXT   NOT NULL PRIMARY KEY,        -- what channels of one account share
    asked   BIGINT NOT NULL DEFAULT 0,          -- when the list was asked for that is kept; 0: there is none
    tried   BIGINT NOT NULL DEFAULT 0,          -- when it was asked for last
    noticed BIGINT NOT NULL DEFAULT 0,          -- when the provider last told that a template changed
    failure TEXT   NOT NULL DEFAULT ''          -- why the last try failed, empty if it did not
) WITHOUT ROWID;

CREATE TABLE templates (
    account    TEXT NOT NULL,
    name       TEXT NOT NULL,
    language   TEXT NOT NULL,
    category   TEXT NOT NULL,                   -- in lower case, as the status
    status     TEXT NOT NULL,
    components TEXT NOT NULL,                   -- the definition, the Cloud API's JSON
    PRIMARY KEY (account, name, language)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE templates;
DROP TABLE template_lists;
