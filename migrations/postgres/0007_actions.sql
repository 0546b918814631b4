-- What was done about places: every version of every action. Times are whole
-- seconds; they tell of officers and planners, never of people who report.

CREATE TABLE action_versions (
    seq       bigint PRIMARY KEY,
    action_id text COLLATE "C" NOT NULL,
    number    integer NOT NULL CHECK (number >= 1),
    at        timestamptz NOT NULL,
    who       text NOT NULL,
    change    text NOT NULL,
    body      bytea NOT NULL, -- JSON
    UNIQUE (action_id, number)
);

CREATE FUNCTION action_versions_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'versions of actions are append-only'; END $$;

CREATE TRIGGER action_versions_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON action_versions
    FOR EACH STATEMENT EXECUTE FUNCTION action_versions_refuse();
