-- What the box office knows of events. A row may be there before the event's own news, when its cancellation came first.
CREATE TABLE events (
    id              BYTES   NOT NULL PRIMARY KEY,
    catalog_version BIGINT  NOT NULL,
    published       BOOLEAN NOT NULL,
    cancelled       BOOLEAN NOT NULL
) WITHOUT_ROWID;

-- A counter for each ticket type. `version` grows with each change of the counter, `catalog_version` is that of the
-- catalogue's row; `cancelled` repeats the event's, so that taking places reads and locks one row.
CREATE TABLE ticket_types (
    id              BYTES   NOT NULL PRIMARY KEY,
    event_id        BYTES   NOT NULL,
    version         BIGINT  NOT NULL,
    catalog_version BIGINT  NOT NULL,
    wanted          BIGINT  NOT NULL CHECK (wanted >= 0),
    held            BIGINT  NOT NULL CHECK (held >= 0),
    sold            BIGINT  NOT NULL CHECK (sold >= 0),
    quantity_max    BIGINT  NOT NULL,
    sale_starts     BIGINT  NOT NULL,
    sale_ends       BIGINT  NOT NULL,
    cancelled       BOOLEAN NOT NULL
) WITHOUT_ROWID;

CREATE INDEX ticket_types_of_event ON ticket_types (event_id);

-- Holds, and the tombstones of those that were released before they were asked for (these know no ticket type).
-- `quantity` is the last that was held, also in states that hold nothing any more.
CREATE TABLE holds (
    id             BYTES  NOT NULL PRIMARY KEY,
    version        BIGINT NOT NULL,
    revision       BIGINT NOT NULL,
    basket_id      BYTES,
    event_id       BYTES,
    ticket_type_id BYTES,
    quantity       BIGINT NOT NULL,
    state          TEXT   NOT NULL,
    until          BIGINT,
    released_by    TEXT,
    order_id       BYTES,
    securing       BIGINT
) WITHOUT_ROWID;

CREATE INDEX holds_open_of_event ON holds (event_id, id) WHERE state = 'held';
CREATE INDEX holds_of_order ON holds (order_id, id) WHERE order_id IS NOT NULL;

-- Issued tickets; a void one lets nobody in.
CREATE TABLE tickets (
    id             BYTES   NOT NULL PRIMARY KEY,
    code           TEXT    NOT NULL UNIQUE,
    order_id       BYTES   NOT NULL,
    hold_id        BYTES   NOT NULL,
    event_id       BYTES   NOT NULL,
    ticket_type_id BYTES   NOT NULL,
    valid          BOOLEAN NOT NULL,
    version        BIGINT  NOT NULL,
    issued         BIGINT  NOT NULL
) WITHOUT_ROWID;

CREATE INDEX tickets_of_order ON tickets (order_id, id);
CREATE INDEX tickets_of_hold ON tickets (hold_id);
