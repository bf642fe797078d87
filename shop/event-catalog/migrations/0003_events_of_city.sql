-- The events of one city in the order of their start.
CREATE INDEX events_city ON events (city_key, starts, event_id);
