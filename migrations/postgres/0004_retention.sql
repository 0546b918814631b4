-- Old reports are first replaced by coarse ones and later reduced to counts.

-- Reports that are only counts: n of them, of a source, with the cell and the
-- day of coarse reports, no daypart and nothing on darkness. They have no
-- identity. A row never changes but for retracted_batch, the batch that took it
-- back; NULL as long as it counts.
CREATE TABLE reduced (
    batch           bigint NOT NULL,
    retracted_batch bigint,
    source_id       integer NOT NULL,
    cell            bigint NOT NULL,
    occurred_on     date NOT NULL,
    factors         smallint NOT NULL,
    n               bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (batch, source_id, cell, occurred_on, factors),
    CHECK (retracted_batch > batch)
);

-- forgotten_added and forgotten_retracted are how many of a batch's reports are
-- no longer in the table retractions; reduced_added and reduced_retracted are
-- sums of reduced.n.
ALTER TABLE batches
    ADD COLUMN forgotten_added     bigint NOT NULL DEFAULT 0,
    ADD COLUMN forgotten_retracted bigint NOT NULL DEFAULT 0,
    ADD COLUMN reduced_added       bigint NOT NULL DEFAULT 0 CHECK (reduced_added >= 0),
    ADD COLUMN reduced_retracted   bigint NOT NULL DEFAULT 0 CHECK (reduced_retracted >= 0),
    ADD CHECK (forgotten_added BETWEEN 0 AND added),
    ADD CHECK (forgotten_retracted BETWEEN 0 AND retracted),
    DROP CONSTRAINT batches_check,
    ADD CHECK (added + retracted + reduced_added + reduced_retracted > 0);
