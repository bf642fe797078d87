-- Baskets; `order_id` is there once a basket is checked out.
CREATE TABLE baskets (
    basket_id  BYTES   NOT NULL PRIMARY KEY,
    version    BIGINT  NOT NULL,
    order_id   BYTES,
    created    BIGINT  NOT NULL
) WITHOUT_ROWID;

-- Lines of baskets, removed ones too. `held_until` and `places_left` belong to states, `notice` is JSON for the buyer.
CREATE TABLE lines (
    basket_id       BYTES   NOT NULL,
    position        BIGINT  NOT NULL,
    line_id         BYTES   NOT NULL,
    hold_id         BYTES   NOT NULL,
    event_id        BYTES   NOT NULL,
    ticket_type_id  BYTES   NOT NULL,
    quantity        BIGINT  NOT NULL,
    revision        BIGINT  NOT NULL,
    price_minor     BIGINT  NOT NULL,
    currency        TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    held_until      BIGINT,
    places_left     BIGINT,
    notice          TEXT,
    PRIMARY KEY (basket_id, position)
) WITHOUT_ROWID;
CREATE UNIQUE INDEX lines_event ON lines (event_id, line_id);

-- The basket's copy of the catalog's events. `published`: its ticket types are known.
CREATE TABLE events (
    event_id   BYTES    NOT NULL PRIMARY KEY,
    version    BIGINT   NOT NULL,
    title      TEXT     NOT NULL,
    starts     BIGINT   NOT NULL,
    cancelled  BOOLEAN  NOT NULL,
    published  BOOLEAN  NOT NULL
) WITHOUT_ROWID;

-- The basket's copy of the catalog's ticket types.
CREATE TABLE ticket_types (
    ticket_type_id  BYTES   NOT NULL PRIMARY KEY,
    event_id        BYTES   NOT NULL,
    version         BIGINT  NOT NULL,
    name            TEXT    NOT NULL,
    price_minor     BIGINT  NOT NULL,
    currency        TEXT    NOT NULL,
    quantity_max    BIGINT  NOT NULL
) WITHOUT_ROWID;
