-- +goose Up

-- The list of campaigns, the newest first.
CREATE INDEX campaigns_by_age ON campaigns (created_at, id);

-- Rows that were not admitted, by their number. Those that were have theirs in
-- recipients_by_person.
CREATE INDEX recipients_refused ON recipients ((id >> 24), phone) WHERE person IS NULL;

-- +goose Down
DROP INDEX recipients_refused;
DROP INDEX campaigns_by_age;
