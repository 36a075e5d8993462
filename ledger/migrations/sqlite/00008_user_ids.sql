-- +goose Up

-- Whom a receipt is for whose attempt is not known, where the provider tells: a key
-- of the person.
ALTER TABLE early_receipts ADD COLUMN person TEXT;
CREATE INDEX early_receipts_by_person ON early_receipts (person) WHERE person IS NOT NULL;

-- What may yet be matched with a receipt that tells the recipient alone.
CREATE INDEX messages_unknown ON messages (campaign_id) WHERE status = 4;

-- Which keys were erased as one person's: those of one kin. Empty: this one alone.
ALTER TABLE forgotten ADD COLUMN kin TEXT NOT NULL DEFAULT '';
CREATE INDEX forgotten_by_kin ON forgotten (kin) WHERE kin <> '';

-- Keys that turned out to be those of people who were erased: what stands under them
-- is still to be erased.
CREATE TABLE erasures (
    person TEXT   NOT NULL PRIMARY KEY,
    kin    TEXT   NOT NULL,
    at     BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX erasures_by_kin ON erasures (kin);

-- +goose Down
DROP TABLE erasures;
DROP INDEX forgotten_by_kin;
ALTER TABLE forgotten DROP COLUMN kin;
DROP INDEX messages_unknown;
DROP INDEX early_receipts_by_person;
ALTER TABLE early_receipts DROP COLUMN person;
