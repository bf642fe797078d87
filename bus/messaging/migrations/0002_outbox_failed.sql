-- The few rows that can never be sent, apart from the many that are still to be.
CREATE INDEX outbox_failed ON outbox (id) WHERE failure IS NOT NULL;
