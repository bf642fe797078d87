-- How many messages about a line's hold were late or repeated, and changed nothing.
ALTER TABLE lines ADD COLUMN ignored BIGINT NOT NULL DEFAULT 0;
