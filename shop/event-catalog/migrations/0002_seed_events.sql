-- The programme of a new shop: a row for each of its events, all made at the first start, with the event once it was
-- entered. Without rows the shop was begun with events of its own. Kept for ever, so that none is entered twice.
CREATE TABLE seed_events (
    number    BIGINT NOT NULL PRIMARY KEY,
    event_id  BYTES
);
