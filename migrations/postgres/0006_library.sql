-- What an operator loads beside the reports, and what people of the hub keep.

CREATE TABLE datasets (
    kind        text COLLATE "C" NOT NULL, -- areas, lamps
    name        text COLLATE "C" NOT NULL,
    about       text NOT NULL, -- for lists
    body        bytea NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (kind, name)
);

CREATE TABLE library_state (
    id       integer PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL -- grows with every change of a data set
);

INSERT INTO library_state VALUES (1, 0);

CREATE TABLE saved_views (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL, -- 0 for the demo
    name       text COLLATE "C" NOT NULL,
    address    text NOT NULL, -- the page's state, as its address has it
    filter     text NOT NULL, -- canonical, without a window
    box        text NOT NULL,
    resolution integer NOT NULL,
    alert      boolean NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE view_alerts (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view_id   bigint NOT NULL REFERENCES saved_views (id) ON DELETE CASCADE,
    until     integer NOT NULL, -- the day after the period, days since 1970-01-01
    reports   bigint NOT NULL,
    expected  double precision NOT NULL,
    upper     double precision NOT NULL,
    sentence  text NOT NULL,
    raised_at timestamptz NOT NULL,
    seen      boolean NOT NULL DEFAULT false,
    sent      boolean NOT NULL DEFAULT false, -- to where the operator wants it
    tries     integer NOT NULL DEFAULT 0,
    next_at   timestamptz NOT NULL DEFAULT 'epoch',
    UNIQUE (view_id, until)
);
