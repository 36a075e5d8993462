-- Times are milliseconds since 1970 in UTC; NULL means "never" or "not yet".
-- Statuses are the numbers of campaign.Status. Identifiers hold their parents
-- (see campaign/id.go): message >> 4 is the recipient, recipient >> 24 the campaign.

-- +goose Up
CREATE TABLE campaigns (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL,
    state           TEXT    NOT NULL,           -- 'importing' until the whole list is in: invisible
    reason          TEXT    NOT NULL DEFAULT '', -- who or what brought it into this state
    definition      TEXT    NOT NULL,           -- campaign.Definition as JSON
    columns         TEXT    NOT NULL,           -- names of the list's columns, a JSON array
    intake_at       BIGINT,                     -- the last sign of life of the import
    idempotency_key TEXT    UNIQUE,
    request_hash    TEXT    NOT NULL DEFAULT '', -- of the request that carried the key
    created_at      BIGINT  NOT NULL,
    start_at        BIGINT,                     -- when a scheduled campaign starts
    started_at      BIGINT,
    finished_at     BIGINT,
    expires_at      BIGINT,
    changes         BIGINT  NOT NULL DEFAULT 0  -- how often its state has changed
);
CREATE INDEX campaigns_by_state ON campaigns (state, created_at);

CREATE TABLE recipients (
    id      INTEGER PRIMARY KEY,
    phone   TEXT    NOT NULL,                   -- E.164, or the cell's text where it is no number
    person  TEXT,                               -- NULL where the row was not admitted
    verdict TEXT    NOT NULL,
    detail  TEXT    NOT NULL DEFAULT '',
    cells   TEXT    NOT NULL                    -- the row's values, a JSON array
);
-- One person has one row in a campaign. The campaign is the upper part of id.
CREATE UNIQUE INDEX recipients_by_person ON recipients ((id >> 24), person) WHERE person IS NOT NULL;

CREATE TABLE messages (
    id           INTEGER  PRIMARY KEY,
    campaign_id  BIGINT   NOT NULL,
    channel      SMALLINT NOT NULL,             -- position in the campaign's list of channels
    category     SMALLINT NOT NULL,             -- 0 not said, 1 marketing, 2 utility, 3 authentication
    status       SMALLINT NOT NULL,
    due          BIGINT,                        -- the next moment at which something happens to it; 0: since the start
    attempt      INTEGER  NOT NULL DEFAULT 0,   -- the newest attempt
    tries        INTEGER  NOT NULL DEFAULT 0,   -- attempts that count: not the throttled and the released
    failures     INTEGER  NOT NULL DEFAULT 0,   -- how many of these were refused
    permanent    SMALLINT NOT NULL DEFAULT 0,   -- 1: it failed in a way that another attempt would not change
    code         INTEGER  NOT NULL DEFAULT 0,
    reason       TEXT     NOT NULL DEFAULT '',
    accepted_at  BIGINT,
    sent_at      BIGINT,
    delivered_at BIGINT,
    read_at      BIGINT,
    failed_at    BIGINT,
    updated_at   BIGINT   NOT NULL
);
-- What may go out now. A fresh campaign's rows have due 0, so retries and
-- opened gates (due > 0) can be taken first.
CREATE INDEX messages_to_feed ON messages (campaign_id, channel, due, id) WHERE status = 2;
-- What else has a clock: patience, time to live, unknown, held, a dead claim.
CREATE INDEX messages_to_sweep ON messages (due) WHERE due IS NOT NULL AND status <> 2;

CREATE TABLE attempts (
    message_id  BIGINT   NOT NULL,
    n           INTEGER  NOT NULL,
    outcome     TEXT     NOT NULL DEFAULT '',   -- '' while it is in the air
    provider_id TEXT,
    token       BIGINT   NOT NULL,              -- which claim it was, where the answer to a commit was lost
    claimed_at  BIGINT   NOT NULL,
    settled_at  BIGINT,
    PRIMARY KEY (message_id, n)
) WITHOUT ROWID;
CREATE INDEX attempts_by_provider_id ON attempts (provider_id) WHERE provider_id IS NOT NULL;

-- Receipts whose attempt is not known yet.
CREATE TABLE early_receipts (
    id          INTEGER PRIMARY KEY,
    provider_id TEXT    NOT NULL,
    receipt     TEXT    NOT NULL,               -- ledger.Receipt as JSON
    received_at BIGINT  NOT NULL
);
CREATE INDEX early_receipts_by_provider_id ON early_receipts (provider_id);
CREATE INDEX early_receipts_by_time ON early_receipts (received_at);

-- Counts are moved in the transaction that moves the rows. A process adds to
-- the rows of its own shard, so that two seldom wait for each other; the sum
-- over the shards is exact.
CREATE TABLE counts (
    campaign_id BIGINT   NOT NULL,
    step        SMALLINT NOT NULL,              -- -1: rows that never became messages
    status      SMALLINT NOT NULL,
    open        SMALLINT NOT NULL,              -- 1: may still cause a request to the provider
    shard       SMALLINT NOT NULL,
    n           BIGINT   NOT NULL,
    PRIMARY KEY (campaign_id, step, status, open, shard)
) WITHOUT ROWID;

CREATE TABLE verdicts (
    campaign_id BIGINT NOT NULL,
    verdict     TEXT   NOT NULL,
    n           BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, verdict)
) WITHOUT ROWID;

CREATE TABLE suppressions (
    person     TEXT   NOT NULL,
    scope      TEXT   NOT NULL,                 -- 'all', 'marketing', or 'campaign:' and its number
    reason     TEXT   NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (person, scope)
) WITHOUT ROWID;

-- Other identities of a person, as providers tell them.
CREATE TABLE aliases (
    alias  TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX aliases_by_person ON aliases (person);

-- Who does what only one process at a time should do. fence grows whenever the
-- lease changes hands.
CREATE TABLE leases (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL,
    fence  BIGINT NOT NULL,
    until  BIGINT NOT NULL
) WITHOUT ROWID;

-- What is known of a channel's receipts: the newest acceptance of a message that
-- has had one.
CREATE TABLE proofs (
    channel     TEXT   NOT NULL PRIMARY KEY,
    accepted_at BIGINT NOT NULL
) WITHOUT ROWID;

-- Since when the webhooks have been answered without a gap.
CREATE TABLE uptimes (
    name  TEXT   NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    seen  BIGINT NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE uptimes;
DROP TABLE proofs;
DROP TABLE leases;
DROP TABLE aliases;
DROP TABLE suppressions;
DROP TABLE verdicts;
DROP TABLE counts;
DROP TABLE early_receipts;
DROP TABLE attempts;
DROP TABLE messages;
DROP TABLE recipients;
DROP TABLE campaigns;
