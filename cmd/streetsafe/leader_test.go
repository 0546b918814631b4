package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// stallLock is the advisory lock on which publications stand still in
// TestReplicas_leaderKilled.
const stallLock = 42

// The replica that publishes is killed in the middle of the transaction, and so
// is the next one: the last one publishes everything, once.
func TestReplicas_leaderKilled(t *testing.T) {
	t.Parallel() // they wait more than they work
	for _, n := range []int{2, 3} {
		t.Run(fmt.Sprintf("%d replicas", n), func(t *testing.T) { testLeaderKilled(t, n) })
	}
}

func testLeaderKilled(t *testing.T, n int) {
	const reports = 500
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	database := needDatabase(t).NewDatabase(t)
	past := openAt(t, storage{url: database}, daysAgo(3))
	for _, r := range batchOf(t, "due", reports) {
		if err := past.Submit(ctx, formSource, store.Submission{Record: r, Weight: 1}); err != nil {
			t.Fatal(err)
		}
	}
	control, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close(context.Background())
	_, err = control.Exec(ctx, fmt.Sprintf(`SELECT pg_advisory_lock(%[1]d);
		CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(%[1]d); RETURN NEW; END $$;
		CREATE TRIGGER stall BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION stall()`, stallLock), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	living := map[string]*process{}
	for i := range n {
		name := fmt.Sprint("replica-", i)
		living[name] = serveStore(t, storage{url: named(t, database, name)})
	}
	for len(living) > 1 {
		leader := publisher(t, control)
		living[leader].kill()
		delete(living, leader)
		took := eventually(t, "another replica publishes", func() bool {
			next := publisher(t, control)
			return next != leader
		})
		if t.Logf("taken over after %v", took.Round(time.Millisecond)); took > 15*time.Second {
			t.Errorf("taken over after %v only", took)
		}
	}
	if n, err := past.Count(ctx, report.Filter{}, 0); err != nil || n != 0 {
		t.Errorf("%d reports are published by those who died, %v", n, err)
	}
	if _, err := control.Exec(ctx, `SELECT pg_advisory_unlock($1)`, stallLock); err != nil {
		t.Fatal(err)
	}
	for _, p := range living {
		eventually(t, "all is published", func() bool { return p.ready().Reports == reports })
	}
	wantExactly(t, past, reports, 0)
	if g, err := past.Generation(ctx); err != nil || g != 1 {
		t.Errorf("generation %d, %v, want one batch", g, err)
	}
}

// named makes a database know its program by a name.
func named(t *testing.T, database, name string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// publisher waits until a replica stands in the middle of a publication, with
// everything written and nothing committed, and returns its name.
func publisher(t *testing.T, control *pgx.Conn) (name string) {
	t.Helper()
	eventually(t, "a replica publishes", func() bool {
		err := control.QueryRow(t.Context(), `SELECT application_name FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event = 'advisory' AND query LIKE 'INSERT INTO batches%'`).Scan(&name)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			t.Fatal(err)
		}
		return err == nil
	})
	return name
}
