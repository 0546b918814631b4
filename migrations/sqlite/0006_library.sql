-- What an operator loads beside the reports, and what people of the hub keep.

CREATE TABLE datasets (
    kind        TEXT NOT NULL, -- areas, lamps
    name        TEXT NOT NULL,
    about       TEXT NOT NULL, -- for lists
    body        BLOB NOT NULL,
    imported_at INTEGER NOT NULL, -- whole seconds since 1970
    PRIMARY KEY (kind, name)
) STRICT;

CREATE TABLE library_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL -- grows with every change of a data set
) STRICT;

INSERT INTO library_state VALUES (1, 0);

CREATE TABLE saved_views (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL, -- 0 for the demo
    name       TEXT NOT NULL,
    address    TEXT NOT NULL, -- the page's state, as its address has it
    filter     TEXT NOT NULL, -- canonical, without a window
    box        TEXT NOT NULL,
    resolution INTEGER NOT NULL,
    alert      INTEGER NOT NULL CHECK (alert IN (0, 1)),
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT;

CREATE TABLE view_alerts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    view_id   INTEGER NOT NULL REFERENCES saved_views (id) ON DELETE CASCADE,
    until     INTEGER NOT NULL, -- the day after the period, days since 1970-01-01
    reports   INTEGER NOT NULL,
    expected  REAL NOT NULL,
    upper     REAL NOT NULL,
    sentence  TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    seen      INTEGER NOT NULL DEFAULT 0 CHECK (seen IN (0, 1)),
    sent      INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1)), -- to where the operator wants it
    tries     INTEGER NOT NULL DEFAULT 0,
    next_at   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (view_id, until)
) STRICT;
