-- How many messages about a hold were late or repeated, and changed nothing.
ALTER TABLE holds ADD COLUMN ignored BIGINT NOT NULL DEFAULT 0;
