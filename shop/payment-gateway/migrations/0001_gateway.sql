-- Cards as payment methods: what a card does, its brand and its last four digits. Never its number.
CREATE TABLE payment_methods (
    id        TEXT   NOT NULL PRIMARY KEY,
    behaviour TEXT   NOT NULL,
    brand     TEXT   NOT NULL,
    last4     TEXT   NOT NULL,
    exp_month BIGINT NOT NULL,
    exp_year  BIGINT NOT NULL,
    created   BIGINT NOT NULL
);

-- The number orders lists: newest first.
CREATE TABLE payment_intents (
    number              AUTO_KEY,
    id                  TEXT   NOT NULL UNIQUE,
    version             BIGINT NOT NULL,
    amount              BIGINT NOT NULL,
    currency            TEXT   NOT NULL,
    status              TEXT   NOT NULL,
    payment_method      TEXT,
    metadata            TEXT   NOT NULL,
    latest_charge       TEXT,
    last_decline        TEXT,
    cancellation_reason TEXT,
    created             BIGINT NOT NULL,
    canceled_at         BIGINT
);

CREATE TABLE charges (
    number          AUTO_KEY,
    id              TEXT    NOT NULL UNIQUE,
    version         BIGINT  NOT NULL,
    payment_intent  TEXT    NOT NULL REFERENCES payment_intents (id),
    amount          BIGINT  NOT NULL,
    amount_refunded BIGINT  NOT NULL CHECK (amount_refunded BETWEEN 0 AND amount),
    currency        TEXT    NOT NULL,
    captured        BOOLEAN NOT NULL,
    decline         TEXT,
    created         BIGINT  NOT NULL
);

-- An intent captures once, whatever the code above says.
CREATE UNIQUE INDEX charges_captured ON charges (payment_intent) WHERE captured = TRUE;

CREATE TABLE refunds (
    number         AUTO_KEY,
    id             TEXT   NOT NULL UNIQUE,
    charge         TEXT   NOT NULL REFERENCES charges (id),
    payment_intent TEXT   NOT NULL REFERENCES payment_intents (id),
    amount         BIGINT NOT NULL,
    currency       TEXT   NOT NULL,
    reason         TEXT,
    metadata       TEXT   NOT NULL,
    created        BIGINT NOT NULL
);

CREATE INDEX refunds_of_charge ON refunds (charge, number);
CREATE INDEX refunds_of_intent ON refunds (payment_intent, number);

-- Answers kept for repeats of the same request. The fingerprint is a hash of the request without card data.
CREATE TABLE answers (
    number      AUTO_KEY,
    scope       TEXT   NOT NULL,
    request_key TEXT   NOT NULL,
    fingerprint BYTES  NOT NULL,
    status      BIGINT NOT NULL,
    body        TEXT   NOT NULL,
    begun       BIGINT NOT NULL,
    answered    BIGINT NOT NULL,
    UNIQUE (scope, request_key)
);

CREATE INDEX answers_begun ON answers (begun);
