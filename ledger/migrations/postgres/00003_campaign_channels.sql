-- +goose Up

-- The numbers of a campaign that must not send for it until somebody resumes it.
-- A campaign with one number is paused instead.
CREATE TABLE campaign_channels (
    campaign_id BIGINT   NOT NULL,
    position    SMALLINT NOT NULL,              -- in the campaign's list of channels, as in messages.channel
    stopped     BIGINT   NOT NULL,              -- since when
    reason      TEXT     NOT NULL,
    handed      SMALLINT NOT NULL DEFAULT 0,    -- 1: what it had not begun is with the others
    PRIMARY KEY (campaign_id, position)
);

-- +goose Down
DROP TABLE campaign_channels;
