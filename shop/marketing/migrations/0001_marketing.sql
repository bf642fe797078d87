-- Lines of baskets, as the feed told of them. `there`: neither removed, nor is its event cancelled.
CREATE TABLE lines (
    line_id    BYTES    NOT NULL PRIMARY KEY,
    basket_id  BYTES    NOT NULL,
    event_id   BYTES    NOT NULL,
    quantity   BIGINT   NOT NULL,
    held       BOOLEAN  NOT NULL,
    there      BOOLEAN  NOT NULL
) WITHOUT_ROWID;
CREATE INDEX lines_basket ON lines (basket_id, line_id);

-- Baskets: how many entries were about each, how many lines are there, when something last happened, and whether it became
-- an order.
CREATE TABLE baskets (
    basket_id   BYTES    NOT NULL PRIMARY KEY,
    entries     BIGINT   NOT NULL,
    lines       BIGINT   NOT NULL,
    last_change BIGINT   NOT NULL,
    checked_out BOOLEAN  NOT NULL
) WITHOUT_ROWID;
CREATE INDEX baskets_left ON baskets (last_change) WHERE checked_out = FALSE AND lines > 0;

-- Interest by event, in lines of baskets.
CREATE TABLE interest (
    event_id     BYTES   NOT NULL PRIMARY KEY,
    added        BIGINT  NOT NULL,
    held         BIGINT  NOT NULL,
    refused      BIGINT  NOT NULL,
    expired      BIGINT  NOT NULL,
    removed      BIGINT  NOT NULL,
    checked_out  BIGINT  NOT NULL,
    paid         BIGINT  NOT NULL
) WITHOUT_ROWID;
CREATE INDEX interest_added ON interest (added, event_id);

-- Entries taken in, by kind.
CREATE TABLE counted (
    kind     TEXT    NOT NULL PRIMARY KEY,
    entries  BIGINT  NOT NULL
) WITHOUT_ROWID;

-- Baskets whose orders were paid, as ordering said; the feed may tell of their checkout later.
CREATE TABLE paid_baskets (
    basket_id  BYTES  NOT NULL PRIMARY KEY
) WITHOUT_ROWID;

-- When the feed could not be read on, and why: the figures are incomplete from then on.
CREATE TABLE restarts (
    id   AUTO_KEY,
    at   BIGINT  NOT NULL,
    why  TEXT    NOT NULL
);
