-- Which messages an endpoint has taken: handled, or put off until a later round.
CREATE TABLE inbox (
    endpoint    TEXT    NOT NULL,
    message_id  BYTES   NOT NULL,
    handled     BOOLEAN NOT NULL,
    round       BIGINT  NOT NULL,
    at          BIGINT  NOT NULL,
    PRIMARY KEY (endpoint, message_id)
) WITHOUT_ROWID;
CREATE INDEX inbox_at ON inbox (at);

-- What is still to be sent. A row goes when the transport has confirmed it; `failure` keeps one that never can be sent.
CREATE TABLE outbox (
    id           AUTO_KEY,
    message_id   BYTES  NOT NULL,
    destination  TEXT   NOT NULL,
    headers      TEXT   NOT NULL,
    body         BYTES  NOT NULL,
    due          BIGINT NOT NULL,
    due_key      TEXT,
    failure      TEXT
);
CREATE INDEX outbox_due ON outbox (due, id) WHERE failure IS NULL;
CREATE UNIQUE INDEX outbox_due_key ON outbox (due_key) WHERE due_key IS NOT NULL;

-- Calls to the outside that are to be made, or were begun and have no recorded answer yet.
CREATE TABLE calls (
    id          AUTO_KEY,
    name        TEXT    NOT NULL,
    call_key    TEXT    NOT NULL,
    request     TEXT    NOT NULL,
    due         BIGINT  NOT NULL,
    attempt     BIGINT  NOT NULL,
    unknown     BOOLEAN NOT NULL,
    cause       TEXT    NOT NULL
);
CREATE INDEX calls_due ON calls (due, id);
CREATE UNIQUE INDEX calls_key ON calls (name, call_key);

-- Answers of operations that were asked for under an idempotency key.
CREATE TABLE operations (
    scope        TEXT   NOT NULL,
    operation_key TEXT  NOT NULL,
    fingerprint  BYTES  NOT NULL,
    answer       TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (scope, operation_key)
) WITHOUT_ROWID;
CREATE INDEX operations_at ON operations (at);

-- Sagas that keep their state as one JSON document.
CREATE TABLE sagas (
    saga       TEXT    NOT NULL,
    saga_key   TEXT    NOT NULL,
    version    BIGINT  NOT NULL,
    completed  BOOLEAN NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (saga, saga_key)
) WITHOUT_ROWID;
