-- Submissions that are held back until somebody has reviewed them, what public
-- releases need of the others, and what reporters say of themselves.

-- weight says whether the report counts in public releases. quarantine is why
-- it is held back; '' for those that are not.
ALTER TABLE pending
    ADD COLUMN weight     smallint NOT NULL DEFAULT 1 CHECK (weight IN (0, 1)),
    ADD COLUMN quarantine text COLLATE "C" NOT NULL DEFAULT '';

-- Where they were kept until now.
UPDATE pending SET weight = 0, quarantine = 'no_proof'
    WHERE source_id = (SELECT id FROM sources WHERE name = 'form-review');

-- Of published reports that were submitted: the day on which they came, by
-- which releases are made, and their weight.
CREATE TABLE receipts (
    source_id   integer NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    received_on date NOT NULL,
    weight      smallint NOT NULL CHECK (weight IN (0, 1)),
    PRIMARY KEY (source_id, external_id)
);

-- What the reporter of a report said of themselves, '' for nothing. The rows of
-- a half-year are deleted when its tables are made: nothing but these remains.
CREATE TABLE demographics (
    source_id   integer NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    age         text NOT NULL,
    sex         text NOT NULL,
    gender      text NOT NULL,
    ethnicity   text NOT NULL,
    disability  text NOT NULL,
    PRIMARY KEY (source_id, external_id)
);

-- tables is JSON: suppressed and rounded.
CREATE TABLE demographic_tables (
    period    text COLLATE "C" PRIMARY KEY,
    frozen_on date NOT NULL,
    tables    text NOT NULL
);
