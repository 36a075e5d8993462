-- +goose Up

-- How many of a campaign's attempts ended how, by time. They are moved in the
-- transaction that moves the messages. A process adds to the rows of its own shard,
-- as in counts; tidying joins what is older than an hour into minutes.
CREATE TABLE campaign_rates (
    campaign_id BIGINT   NOT NULL,
    width       SMALLINT NOT NULL,              -- in seconds: 10 or 60; 0 while it is being joined
    at          BIGINT   NOT NULL,              -- the begin, in seconds since 1970
    kind        SMALLINT NOT NULL,              -- 1 accepted, 2 failed, 3 throttled
    shard       SMALLINT NOT NULL,
    n           BIGINT   NOT NULL,
    PRIMARY KEY (campaign_id, width, at, kind, shard)
) WITHOUT ROWID;
CREATE INDEX campaign_rates_by_time ON campaign_rates (width, at);

-- The definition as it was uploaded, word for word; '' where it was not kept.
ALTER TABLE campaigns ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE campaigns DROP COLUMN source;
DROP TABLE campaign_rates;
