-- Orders. What is decided on lives in `body`; the other columns repeat what people and look-ups ask for.
CREATE TABLE orders (
    order_id     BYTES  NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL,
    basket_id    BYTES  NOT NULL,
    state        TEXT   NOT NULL,
    total_minor  BIGINT NOT NULL,
    currency     TEXT   NOT NULL,
    email        TEXT   NOT NULL,
    placed       BIGINT NOT NULL,
    body         TEXT   NOT NULL
);

-- What reached an order, and what followed: one row a decision, also one that changed nothing. `from_state` is null where
-- the order began; `sent` is a JSON array of names.
CREATE TABLE order_history (
    order_id    BYTES  NOT NULL,
    position    BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    input       TEXT   NOT NULL,
    message_id  TEXT,
    from_state  TEXT,
    to_state    TEXT   NOT NULL,
    sent        TEXT   NOT NULL,
    PRIMARY KEY (order_id, position)
) WITHOUT_ROWID;

-- Which orders an event is in.
CREATE TABLE order_events (
    event_id  BYTES NOT NULL,
    order_id  BYTES NOT NULL,
    PRIMARY KEY (event_id, order_id)
) WITHOUT_ROWID;

-- Events that orders or cancellations have named. A row is there also for an event that is not cancelled, so that placing
-- an order and hearing of the cancellation lock the same row, and one of them sees what the other did.
CREATE TABLE known_events (
    event_id   BYTES   NOT NULL PRIMARY KEY,
    version    BIGINT  NOT NULL,
    cancelled  BOOLEAN NOT NULL
) WITHOUT_ROWID;
