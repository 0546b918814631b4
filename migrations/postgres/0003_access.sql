-- Who may use the hub, and what they did. Secrets are kept as SHA-256 hashes
-- only. Times are whole seconds: they tell of officers and planners, never of
-- people who report.

CREATE TABLE accounts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email      text COLLATE "C" NOT NULL UNIQUE,
    role       text NOT NULL,
    area       text NOT NULL,
    password   text NOT NULL DEFAULT '',
    issuer     text NOT NULL DEFAULT '',
    subject    text NOT NULL DEFAULT '',
    disabled   boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX accounts_subject ON accounts (issuer, subject) WHERE issuer <> '';

CREATE TABLE sessions (
    hash       bytea PRIMARY KEY,
    account_id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE links (
    hash       bytea PRIMARY KEY,
    account_id bigint NOT NULL UNIQUE, -- 0 to make the first administrator
    expires_at timestamptz NOT NULL
);

CREATE TABLE tokens (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash       bytea NOT NULL UNIQUE,
    account_id bigint NOT NULL,
    name       text NOT NULL,
    scopes     text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_on    integer NOT NULL DEFAULT 0, -- days since 1970-01-01
    revoked    boolean NOT NULL DEFAULT false
);

CREATE TABLE access_state (
    id       integer PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL,
    secret   text NOT NULL
);

-- Two random UUIDs hold 244 random bits.
INSERT INTO access_state VALUES (1, 1, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));

CREATE TABLE audit_entries (
    seq      bigint PRIMARY KEY,
    at       timestamptz NOT NULL,
    who      text NOT NULL,
    what     text NOT NULL,
    cell     text NOT NULL,
    why      text NOT NULL,
    previous bytea NOT NULL,
    hash     bytea NOT NULL
);

CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;

CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse();
