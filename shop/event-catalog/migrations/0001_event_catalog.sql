-- Events. `version` grows with each change of the row; copies elsewhere take what is newer than their own.
CREATE TABLE events (
    event_id     BYTES   NOT NULL PRIMARY KEY,
    version      BIGINT  NOT NULL,
    title        TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    venue        TEXT    NOT NULL,
    city         TEXT    NOT NULL,
    -- The city in lower case, to be filtered by.
    city_key     TEXT    NOT NULL,
    starts       BIGINT  NOT NULL,
    cancelled    BOOLEAN NOT NULL,
    -- Title, venue, city and category in lower case, to be searched.
    search       TEXT    NOT NULL
) WITHOUT_ROWID;
CREATE INDEX events_starts ON events (starts, event_id);

-- Ticket types of events, each with a version of its own.
CREATE TABLE ticket_types (
    ticket_type_id  BYTES   NOT NULL PRIMARY KEY,
    event_id        BYTES   NOT NULL,
    position        BIGINT  NOT NULL,
    version         BIGINT  NOT NULL,
    name            TEXT    NOT NULL,
    price_minor     BIGINT  NOT NULL,
    currency        TEXT    NOT NULL,
    capacity        BIGINT  NOT NULL,
    quantity_max    BIGINT  NOT NULL,
    sale_starts     BIGINT  NOT NULL,
    sale_ends       BIGINT  NOT NULL
) WITHOUT_ROWID;
CREATE UNIQUE INDEX ticket_types_event ON ticket_types (event_id, position);

-- A copy of what the box office says is left.
CREATE TABLE availability (
    ticket_type_id  BYTES   NOT NULL PRIMARY KEY,
    event_id        BYTES   NOT NULL,
    version         BIGINT  NOT NULL,
    available       BIGINT  NOT NULL
) WITHOUT_ROWID;
CREATE INDEX availability_event ON availability (event_id);
