-- No table holds a coordinate, an address, or a time finer than a day or a
-- daypart. There are no foreign keys: they would be checked for every row of an
-- import. The program's own check of a store looks for what they would prevent.

CREATE TABLE meta (
    key   text PRIMARY KEY,
    value text NOT NULL
);

INSERT INTO meta VALUES ('store_id', replace(gen_random_uuid()::text, '-', ''));

CREATE TABLE sources (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text COLLATE "C" NOT NULL UNIQUE,
    precision text NOT NULL DEFAULT 'time' CHECK (precision IN ('time', 'day', 'month')),
    synthetic boolean NOT NULL DEFAULT false,
    removed   boolean NOT NULL DEFAULT false
);

-- seq has no gaps. The reports that a batch added have the ids from
-- first_report_id up to, and not including, next_report_id; ids may be missing
-- in that range, but no batch uses those of another.
CREATE TABLE batches (
    seq             bigint PRIMARY KEY,
    published_on    date NOT NULL,
    first_report_id bigint NOT NULL,
    next_report_id  bigint NOT NULL,
    added           bigint NOT NULL CHECK (added >= 0),
    retracted       bigint NOT NULL CHECK (retracted >= 0),
    CHECK (added + retracted > 0)
);

-- The reports that count now, one partition for each month, made when its
-- first report comes. Ids follow the batches, so a batch is one range and no
-- index on batch is needed; inside a batch they follow external_id, so that
-- they do not tell who came first.
CREATE TABLE reports (
    id          bigint NOT NULL,
    cell        bigint NOT NULL,
    batch       bigint NOT NULL,
    source_id   integer NOT NULL,
    occurred_on date NOT NULL,
    daypart     smallint NOT NULL,
    dark        smallint NOT NULL,
    factors     smallint NOT NULL,
    PRIMARY KEY (id, occurred_on)
) PARTITION BY RANGE (occurred_on);

-- The identity of each report. A partitioned table can only have unique keys
-- with the date in them, so identities have a table of their own; occurred_on
-- leads to the partition. A NULL report_id marks a report that was withdrawn:
-- its identity stays taken, so that importing the file again does not bring it
-- back.
CREATE TABLE report_keys (
    source_id   integer NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    report_id   bigint,
    occurred_on date,
    PRIMARY KEY (source_id, external_id)
);

-- Reports that no longer count, kept because a follower that has read
-- added_batch still has to be told.
CREATE TABLE retractions (
    report_id       bigint PRIMARY KEY,
    added_batch     bigint NOT NULL,
    retracted_batch bigint NOT NULL,
    source_id       integer NOT NULL,
    external_id     text COLLATE "C" NOT NULL,
    cell            bigint NOT NULL,
    occurred_on     date NOT NULL,
    daypart         smallint NOT NULL,
    dark            smallint NOT NULL,
    factors         smallint NOT NULL,
    reason          text NOT NULL,
    CHECK (retracted_batch > added_batch)
);

CREATE INDEX retractions_retracted_batch ON retractions (retracted_batch, report_id);
