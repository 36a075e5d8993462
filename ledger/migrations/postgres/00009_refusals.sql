-- +goose Up

-- What was said of a message's failure and what to do about it; NULL for nothing.
ALTER TABLE messages ADD COLUMN detail TEXT;
-- When the first of its failures was, as long as it has met passing trouble alone;
-- 0 once it has met anything else; NULL before the first.
ALTER TABLE messages ADD COLUMN passing_since BIGINT;
-- The newest attempt when an operator last retried it; NULL: nobody has.
ALTER TABLE messages ADD COLUMN retried INTEGER;

-- Why an attempt was refused, or why nobody knows what became of it.
ALTER TABLE attempts ADD COLUMN code INTEGER;
ALTER TABLE attempts ADD COLUMN reason TEXT;

-- How many messages have failed, by reason. Moved like counts, in the transaction
-- that moves the rows.
CREATE TABLE failures (
    campaign_id BIGINT   NOT NULL,
    reason      TEXT     NOT NULL,
    code        INTEGER  NOT NULL,
    shard       SMALLINT NOT NULL,
    n           BIGINT   NOT NULL,
    PRIMARY KEY (campaign_id, reason, code, shard)
);
INSERT INTO failures (campaign_id, reason, code, shard, n)
SELECT campaign_id, reason, code, 0, COUNT(*) FROM messages WHERE status = 10 GROUP BY campaign_id, reason, code;

-- The first refusal of each kind that a campaign has met.
CREATE TABLE refusals (
    campaign_id BIGINT  NOT NULL,
    reason      TEXT    NOT NULL,
    code        INTEGER NOT NULL,
    said        TEXT    NOT NULL,               -- the provider's words
    hint        TEXT    NOT NULL,               -- what to do
    message_id  BIGINT  NOT NULL,               -- whose it was
    at          BIGINT  NOT NULL,
    PRIMARY KEY (campaign_id, reason, code)
);

-- Templates that a provider has slowed down. A row goes when the template has
-- been sent often enough again.
CREATE TABLE slowed_templates (
    channel  TEXT    NOT NULL,
    template TEXT    NOT NULL,
    language TEXT    NOT NULL,
    until    BIGINT  NOT NULL,                  -- none of its messages goes out before
    allowed  INTEGER NOT NULL,                  -- how many may be under way at once from then on
    reason   TEXT    NOT NULL,
    code     INTEGER NOT NULL,
    PRIMARY KEY (channel, template, language)
);

-- +goose Down
DROP TABLE slowed_templates;
DROP TABLE refusals;
DROP TABLE failures;
ALTER TABLE attempts DROP COLUMN reason;
ALTER TABLE attempts DROP COLUMN code;
ALTER TABLE messages DROP COLUMN retried;
ALTER TABLE messages DROP COLUMN passing_since;
ALTER TABLE messages DROP COLUMN detail;
