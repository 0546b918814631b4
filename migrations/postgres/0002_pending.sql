-- Reports of the public form that wait for a scheduled batch. received_on is
-- the finest that is kept of when they came.
CREATE TABLE pending (
    source_id   integer NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    received_on date NOT NULL,
    cell        bigint NOT NULL,
    occurred_on date NOT NULL,
    daypart     smallint NOT NULL,
    dark        smallint NOT NULL,
    factors     smallint NOT NULL,
    PRIMARY KEY (source_id, external_id)
);
