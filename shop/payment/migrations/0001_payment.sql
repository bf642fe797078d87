-- Payments: one for each attempt to pay an order. What is decided on lives in `body`; the other columns repeat what
-- people ask for. The amount is null where an attempt was cancelled before it was requested.
CREATE TABLE payments (
    order_id      BYTES  NOT NULL,
    attempt       BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    state         TEXT   NOT NULL,
    intent        TEXT,
    amount_minor  BIGINT,
    currency      TEXT,
    body          TEXT   NOT NULL,
    PRIMARY KEY (order_id, attempt)
) WITHOUT_ROWID;

-- What reached a payment, and the state it led to: one row a decision, also one that changed nothing.
CREATE TABLE payment_history (
    order_id  BYTES  NOT NULL,
    attempt   BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    input     TEXT   NOT NULL,
    to_state  TEXT   NOT NULL,
    PRIMARY KEY (order_id, attempt, position)
) WITHOUT_ROWID;
