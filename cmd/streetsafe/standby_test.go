package main

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The primary dies under load, with a synchronous standby that the replicas
// read from; the standby is promoted and takes over.
func TestReplicas_standbyPromoted(t *testing.T) {
	t.Parallel() // they wait more than they work
	primary := ownDatabase(t)
	database := primary.NewDatabase(keep{t})
	standby, err := primary.Standby()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { standby.Close() })
	for _, query := range []string{`ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`} {
		if err := primary.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	s := storage{
		url:     either(t, database, "read-write", primary.Host(), standby.Host()),
		readURL: either(t, database, "any", standby.Host()),
	}
	st := openAt(t, storage{url: s.url}, nil)
	all := replicas(t, s, 2)
	l := startLoad(t, st, all)
	l.underWay(t)
	if n := sessionsIn(t, standby.At, database); n == 0 {
		t.Error("no replica reads from the standby")
	}
	if err := primary.Stop(); err != nil {
		t.Fatal(err)
	}
	refused := l.refused.Load()
	eventually(t, "submissions are refused", func() bool { return l.refused.Load() > refused })
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.underWay(t)
	wantAcknowledged(t, st, all, l)
}

// either writes the URL of a database that is on one of several servers.
func either(t *testing.T, database, attributes string, hosts ...string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = hosts[0]
	for _, h := range hosts[1:] {
		u.Host += "," + h
	}
	q := u.Query()
	q.Set("target_session_attrs", attributes)
	u.RawQuery = q.Encode()
	return u.String()
}

// sessionsIn counts the sessions of our programs in a database of a server.
func sessionsIn(t *testing.T, at func(string) (string, error), database string) (n int) {
	t.Helper()
	there, err := at(database)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), there)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	err = c.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'streetsafe'`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
