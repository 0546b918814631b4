-- Submissions that are held back until somebody has reviewed them, what public
-- releases need of the others, and what reporters say of themselves.

-- weight says whether the report counts in public releases. quarantine is why
-- it is held back; '' for those that are not.
ALTER TABLE pending ADD COLUMN weight INTEGER NOT NULL DEFAULT 1 CHECK (weight IN (0, 1));
ALTER TABLE pending ADD COLUMN quarantine TEXT NOT NULL DEFAULT '';

-- Where they were kept until now.
UPDATE pending SET weight = 0, quarantine = 'no_proof'
    WHERE source_id = (SELECT id FROM sources WHERE name = 'form-review');

-- Of published reports that were submitted: the day on which they came, by
-- which releases are made, and their weight.
CREATE TABLE receipts (
    source_id   INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    received_on INTEGER NOT NULL,
    weight      INTEGER NOT NULL CHECK (weight IN (0, 1)),
    PRIMARY KEY (source_id, external_id)
) STRICT, WITHOUT ROWID;

-- What the reporter of a report said of themselves, '' for nothing. The rows of
-- a half-year are deleted when its tables are made: nothing but these remains.
CREATE TABLE demographics (
    source_id   INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    age         TEXT NOT NULL,
    sex         TEXT NOT NULL,
    gender      TEXT NOT NULL,
    ethnicity   TEXT NOT NULL,
    disability  TEXT NOT NULL,
    PRIMARY KEY (source_id, external_id)
) STRICT, WITHOUT ROWID;

-- tables is JSON: suppressed and rounded.
CREATE TABLE demographic_tables (
    period    TEXT PRIMARY KEY,
    frozen_on INTEGER NOT NULL,
    tables    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
