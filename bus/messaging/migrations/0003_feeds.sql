-- Feeds that this service keeps. `epoch` changes when the database is restored from a backup.
CREATE TABLE feeds (
    feed            TEXT   NOT NULL PRIMARY KEY,
    epoch           BYTES  NOT NULL,
    oldest_position BIGINT NOT NULL,
    last_position   BIGINT NOT NULL
) WITHOUT_ROWID;

-- What was told through them, kept for a retention.
CREATE TABLE feed_entries (
    feed      TEXT   NOT NULL,
    position  BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    version   BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (feed, position)
) WITHOUT_ROWID;

-- Who reads them, and up to where each reader said that it had read.
CREATE TABLE feed_readers (
    feed      TEXT   NOT NULL,
    reader    TEXT   NOT NULL,
    position  BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (feed, reader)
) WITHOUT_ROWID;

-- Feeds of other services that this one reads, and up to where.
CREATE TABLE feed_cursors (
    feed    TEXT  NOT NULL PRIMARY KEY,
    reading TEXT  NOT NULL
) WITHOUT_ROWID;
