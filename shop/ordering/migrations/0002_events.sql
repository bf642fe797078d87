-- The copy of the catalogue's events: `version` is the catalogue's, 0 where only an order named the event and did not say.
ALTER TABLE known_events ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE known_events ADD COLUMN starts BIGINT;
UPDATE known_events SET version = 0;
