-- The broker itself gives the keys of messages, and `progress` remembers the next one: a second memory of the highest
-- key, which every insert would write to, is not needed.
CREATE TABLE messages_by_key (
    key INTEGER NOT NULL PRIMARY KEY,
    entity BIGINT NOT NULL,
    place BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    first_sequence BIGINT NOT NULL,
    delivery_count BIGINT NOT NULL,
    enqueued_at BIGINT NOT NULL,
    expires_at BIGINT,
    bytes BIGINT NOT NULL
);
INSERT INTO messages_by_key SELECT * FROM messages;
DROP TABLE messages;
ALTER TABLE messages_by_key RENAME TO messages;
