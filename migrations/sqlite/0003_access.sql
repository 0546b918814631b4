-- Who may use the hub, and what they did. Secrets are kept as SHA-256 hashes
-- only. Times are whole seconds since 1970: they tell of officers and planners,
-- never of people who report.

CREATE TABLE accounts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, since the audit log and tokens name it
    email      TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    area       TEXT NOT NULL,
    password   TEXT NOT NULL DEFAULT '',
    issuer     TEXT NOT NULL DEFAULT '',
    subject    TEXT NOT NULL DEFAULT '',
    disabled   INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX accounts_subject ON accounts (issuer, subject) WHERE issuer <> '';

CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,
    account_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE links (
    hash       BLOB PRIMARY KEY,
    account_id INTEGER NOT NULL UNIQUE, -- 0 to make the first administrator
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB NOT NULL UNIQUE,
    account_id INTEGER NOT NULL,
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_on    INTEGER NOT NULL DEFAULT 0,
    revoked    INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT;

CREATE TABLE access_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    secret   TEXT NOT NULL
) STRICT;

INSERT INTO access_state VALUES (1, 1, lower(hex(randomblob(32))));

CREATE TABLE audit_entries (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    what     TEXT NOT NULL,
    cell     TEXT NOT NULL,
    why      TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash     BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_entries_kept BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
