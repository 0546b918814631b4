-- What was done about places: every version of every action. Times are whole
-- seconds since 1970; they tell of officers and planners, never of people who report.

CREATE TABLE action_versions (
    seq       INTEGER PRIMARY KEY,
    action_id TEXT NOT NULL,
    number    INTEGER NOT NULL CHECK (number >= 1),
    at        INTEGER NOT NULL,
    who       TEXT NOT NULL,
    change    TEXT NOT NULL,
    body      BLOB NOT NULL, -- JSON
    UNIQUE (action_id, number)
) STRICT;

CREATE TRIGGER action_versions_kept BEFORE UPDATE ON action_versions
BEGIN SELECT RAISE(ABORT, 'versions of actions are append-only'); END;

CREATE TRIGGER action_versions_stay BEFORE DELETE ON action_versions
BEGIN SELECT RAISE(ABORT, 'versions of actions are append-only'); END;
