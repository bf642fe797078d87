-- Which calls are being made: their `due` is the end of a lease, and no time that was chosen for them.
ALTER TABLE calls ADD COLUMN leased BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE calls SET leased = unknown;
