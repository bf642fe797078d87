-- Instants are microseconds since 1970 UTC; durations are microseconds; sizes are bytes.

CREATE TABLE queues (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    next_sequence BIGINT NOT NULL,
    lock_us BIGINT NOT NULL,
    max_delivery_count BIGINT NOT NULL,
    time_to_live_us BIGINT,
    dead_letter_expired BOOLEAN NOT NULL,
    duplicate_window_us BIGINT,
    message_bytes_max BIGINT NOT NULL,
    bytes_max BIGINT NOT NULL
);

CREATE TABLE topics (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    next_sequence BIGINT NOT NULL,
    time_to_live_us BIGINT,
    duplicate_window_us BIGINT,
    message_bytes_max BIGINT NOT NULL,
    bytes_max BIGINT NOT NULL
);

CREATE TABLE subscriptions (
    topic BIGINT NOT NULL REFERENCES topics (id),
    name TEXT NOT NULL,
    forward_to BIGINT NOT NULL REFERENCES queues (id),
    rule TEXT NOT NULL,
    PRIMARY KEY (topic, name)
);

-- What the broker decides on. Kept apart from the contents, so that counting a delivery rewrites no body and a start
-- reads none. Places: 0 active, 1 scheduled, 2 dead-letter.
CREATE TABLE messages (
    key AUTO_KEY,
    entity BIGINT NOT NULL,
    place BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    first_sequence BIGINT NOT NULL,
    delivery_count BIGINT NOT NULL,
    enqueued_at BIGINT NOT NULL,
    expires_at BIGINT,
    bytes BIGINT NOT NULL
);

-- One encoded blob a message: id, session, headers, body.
CREATE TABLE contents (
    key INTEGER NOT NULL PRIMARY KEY,
    content BYTES NOT NULL
);

CREATE TABLE dead_letters (
    key INTEGER NOT NULL PRIMARY KEY,
    died_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    description TEXT NOT NULL,
    headers BYTES NOT NULL
);

CREATE TABLE remembered_ids (
    entity BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (entity, message_id)
) WITHOUT_ROWID;

CREATE INDEX remembered_ids_by_end ON remembered_ids (entity, until);

-- The last write that was committed, by its number, so that a commit in doubt can be looked up; and the next key.
CREATE TABLE progress (
    id BIGINT NOT NULL PRIMARY KEY,
    write_number BIGINT NOT NULL,
    next_key BIGINT NOT NULL
);

INSERT INTO progress (id, write_number, next_key) VALUES (1, 0, 1);
