-- Calls that were given up and whose kind keeps them: `failure` says why, `due` when. They are dead letters.
ALTER TABLE calls ADD COLUMN failure TEXT;
DROP INDEX calls_due;
CREATE INDEX calls_due ON calls (due, id) WHERE failure IS NULL;
CREATE INDEX calls_given_up ON calls (id) WHERE failure IS NOT NULL;
