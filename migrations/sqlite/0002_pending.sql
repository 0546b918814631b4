-- Reports of the public form that wait for a scheduled batch. received_on is
-- the finest that is kept of when they came.
CREATE TABLE pending (
    source_id   INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    received_on INTEGER NOT NULL,
    cell        INTEGER NOT NULL,
    occurred_on INTEGER NOT NULL,
    daypart     INTEGER NOT NULL,
    dark        INTEGER NOT NULL,
    factors     INTEGER NOT NULL,
    PRIMARY KEY (source_id, external_id)
) STRICT, WITHOUT ROWID;
