-- Days are whole numbers counted from 1970-01-01. No table holds a coordinate,
-- an address, or a time finer than a day or a daypart. There are no foreign keys: they
-- would be checked for every row of an import. The program's own check of a
-- store looks for what they would prevent.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta VALUES ('store_id', lower(hex(randomblob(16))));

CREATE TABLE sources (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    precision TEXT NOT NULL DEFAULT 'time' CHECK (precision IN ('time', 'day', 'month')),
    synthetic INTEGER NOT NULL DEFAULT 0 CHECK (synthetic IN (0, 1)),
    removed   INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))
) STRICT;

-- seq has no gaps. The reports that a batch added have the ids from
-- first_report_id up to, and not including, next_report_id; ids may be missing
-- in that range, but no batch uses those of another.
CREATE TABLE batches (
    seq             INTEGER PRIMARY KEY,
    published_on    INTEGER NOT NULL,
    first_report_id INTEGER NOT NULL,
    next_report_id  INTEGER NOT NULL,
    added           INTEGER NOT NULL CHECK (added >= 0),
    retracted       INTEGER NOT NULL CHECK (retracted >= 0),
    CHECK (added + retracted > 0)
) STRICT;

-- The reports that count now. Ids follow the batches, so a batch is one range
-- and no index on batch is needed; inside a batch they follow external_id, so
-- that they do not tell who came first.
CREATE TABLE reports (
    id          INTEGER PRIMARY KEY,
    batch       INTEGER NOT NULL,
    source_id   INTEGER NOT NULL,
    cell        INTEGER NOT NULL,
    occurred_on INTEGER NOT NULL,
    daypart     INTEGER NOT NULL,
    dark        INTEGER NOT NULL,
    factors     INTEGER NOT NULL
) STRICT;

-- The identity of each report. A NULL report_id marks a report that was
-- withdrawn: its identity stays taken, so that importing the file again does
-- not bring it back.
CREATE TABLE report_keys (
    source_id   INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    report_id   INTEGER,
    PRIMARY KEY (source_id, external_id)
) STRICT, WITHOUT ROWID;

-- Reports that no longer count, kept because a follower that has read
-- added_batch still has to be told.
CREATE TABLE retractions (
    report_id       INTEGER PRIMARY KEY,
    added_batch     INTEGER NOT NULL,
    retracted_batch INTEGER NOT NULL,
    source_id       INTEGER NOT NULL,
    external_id     TEXT NOT NULL,
    cell            INTEGER NOT NULL,
    occurred_on     INTEGER NOT NULL,
    daypart         INTEGER NOT NULL,
    dark            INTEGER NOT NULL,
    factors         INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    CHECK (retracted_batch > added_batch)
) STRICT;

CREATE INDEX retractions_retracted_batch ON retractions (retracted_batch, report_id);
