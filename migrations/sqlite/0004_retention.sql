-- Old reports are first replaced by coarse ones and later reduced to counts.

-- Reports that are only counts: n of them, of a source, with the cell and the
-- day of coarse reports, no daypart and nothing on darkness. They have no
-- identity. A row never changes but for retracted_batch, the batch that took it
-- back; NULL as long as it counts.
CREATE TABLE reduced (
    batch           INTEGER NOT NULL,
    retracted_batch INTEGER,
    source_id       INTEGER NOT NULL,
    cell            INTEGER NOT NULL,
    occurred_on     INTEGER NOT NULL,
    factors         INTEGER NOT NULL,
    n               INTEGER NOT NULL CHECK (n > 0),
    PRIMARY KEY (batch, source_id, cell, occurred_on, factors),
    CHECK (retracted_batch > batch)
) STRICT, WITHOUT ROWID;

-- forgotten_added and forgotten_retracted are how many of a batch's reports are
-- no longer in the table retractions; reduced_added and reduced_retracted are
-- sums of reduced.n.
CREATE TABLE batches_new (
    seq                 INTEGER PRIMARY KEY,
    published_on        INTEGER NOT NULL,
    first_report_id     INTEGER NOT NULL,
    next_report_id      INTEGER NOT NULL,
    added               INTEGER NOT NULL CHECK (added >= 0),
    retracted           INTEGER NOT NULL CHECK (retracted >= 0),
    forgotten_added     INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_added BETWEEN 0 AND added),
    forgotten_retracted INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_retracted BETWEEN 0 AND retracted),
    reduced_added       INTEGER NOT NULL DEFAULT 0 CHECK (reduced_added >= 0),
    reduced_retracted   INTEGER NOT NULL DEFAULT 0 CHECK (reduced_retracted >= 0),
    CHECK (added + retracted + reduced_added + reduced_retracted > 0)
) STRICT;

INSERT INTO batches_new (seq, published_on, first_report_id, next_report_id, added, retracted)
    SELECT seq, published_on, first_report_id, next_report_id, added, retracted FROM batches;

DROP TABLE batches;

ALTER TABLE batches_new RENAME TO batches;
