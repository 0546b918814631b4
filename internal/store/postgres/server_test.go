package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/postgres"
	"github.com/streetsafe/streetsafe/internal/store/postgres/pgtest"
)

// patience is how long a test waits for what must come, before it fails.
const patience = 60 * time.Second

func TestOpen_Refusals(t *testing.T) {
	pgtest.Need(t, server)
	for _, c := range []struct {
		name  string
		spoil string // SQL on a database with the schema; "" leaves it empty
		want  error
	}{
		{"an empty database", "", store.ErrOldSchema},
		{"a newer schema", `INSERT INTO schema_migrations VALUES (9999, 'future', 'x', '2025-01-01')`, store.ErrNewerSchema},
		{"an older schema", `DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)`, store.ErrOldSchema},
		{"a changed migration", `UPDATE schema_migrations SET checksum = 'x' WHERE number = 1`, store.ErrChangedMigration},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := server.NewDatabase(t)
			if c.spoil != "" {
				open(t, url).Close()
				behind(t, url)(c.spoil)
			}
			s, err := postgres.Open(ctx, postgres.Options{URL: url})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if s != nil {
				s.Close()
			}
			if _, err := postgres.MigrationStatus(ctx, url); err != nil {
				t.Errorf("MigrationStatus: %v", err)
			}
		})
	}
}

// Replicas that start together on an empty database all succeed, and each
// migration is applied once.
func TestOpen_TenAtOnce(t *testing.T) {
	pgtest.Need(t, server)
	url := server.NewDatabase(t)
	stores := make([]*postgres.Store, 10)
	var group sync.WaitGroup
	for i := range stores {
		group.Go(func() {
			var err error
			if stores[i], err = postgres.Open(ctx, postgres.Options{URL: url, Migrate: true, MaxConns: 2}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	ids := map[string]bool{}
	for _, s := range stores {
		if s != nil {
			ids[s.ID()] = true
			s.Close()
		}
	}
	if len(ids) != 1 {
		t.Errorf("%d different IDs", len(ids))
	}
}

// An address that cannot be read is refused, and the password in it not told.
func TestOpen_BadURL(t *testing.T) {
	const secret = "hunter2"
	for _, url := range []string{"postgres://u:" + secret + "@host:notaport/db", "://" + secret} {
		_, err := postgres.Open(ctx, postgres.Options{URL: url})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("error %v, want one without the password", err)
		}
	}
}

// Reading may go to another server, here to the same one under another address.
func TestStore_ReadURL(t *testing.T) {
	pgtest.Need(t, server)
	url := server.NewDatabase(t)
	s, err := postgres.Open(ctx, postgres.Options{URL: url, ReadURL: url, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Insert(ctx, "s", sample("", 10)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Count(ctx, report.Filter{}, 0); n != 10 || err != nil {
		t.Errorf("%d reports, %v", n, err)
	}
}

// A connection that breaks while records are written leaves nothing of them,
// and the store goes on with another.
func TestStore_ConnectionKilled(t *testing.T) {
	pgtest.Need(t, server)
	url := server.NewDatabase(t)
	s := open(t, url)
	defer s.Close()
	if _, err := s.Insert(ctx, "s", sample("before", 10)); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		failed := make(chan error, 1)
		go func() {
			_, err := s.Insert(ctx, "s", sample("during", 30000))
			failed <- err
		}()
		kill := behind(t, url)
		for done := false; !done; {
			select {
			case err := <-failed:
				done = true
				want := int64(10)
				if err == nil { // it was quicker, or the answer was lost after the commit
					want += 30000
				}
				if n, errCount := count(s); errCount != nil || n != want {
					t.Errorf("%d reports, %v, want %d after %v", n, errCount, want, err)
				}
				if err == nil {
					return
				}
			default:
				kill(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%report_keys%'`)
			}
		}
	}
}

// count asks until a connection is there again.
func count(s *postgres.Store) (n int64, err error) {
	for range 20 {
		if n, err = s.Count(ctx, report.Filter{}, 0); err == nil {
			break
		}
	}
	return n, err
}

// The server crashes and comes back: what was acknowledged is there, and those
// who watch hear of the next batch without doing anything.
func TestStore_ServerRestarted(t *testing.T) {
	pgtest.Need(t, server)
	if !server.Ours() {
		t.Skip("the server is not ours to stop")
	}
	own, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := open(t, own.NewDatabase(noCleanup{t}))
	defer s.Close()
	watched := s.Watch(ctx)
	if _, err := s.Insert(ctx, "s", sample("a", 500)); err != nil {
		t.Fatal(err)
	}
	if err := own.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Insert(ctx, "s", sample("b", 500)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("an insert while the server is down: %v, want %v", err, store.ErrUnavailable)
	}
	if err := s.Submit(ctx, "s", store.Submission{Record: sample("c", 1)[0]}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a submission while the server is down: %v, want %v", err, store.ErrUnavailable)
	}
	for seen := range watched {
		if seen.Err != nil {
			if !errors.Is(seen.Err, store.ErrUnavailable) {
				t.Errorf("those who watch see %v, want %v", seen.Err, store.ErrUnavailable)
			}
			break
		}
	}
	if err := own.Resume(); err != nil {
		t.Fatal(err)
	}
	var r store.Result
	for r.Generation == 0 {
		if r, err = s.Insert(ctx, "s", sample("b", 500)); err != nil && ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	if r.Accepted != 500 || r.Generation != 2 {
		t.Errorf("after the restart: %+v, want 500 accepted as generation 2", r)
	}
	for seen := range watched {
		if seen.Generation == 2 {
			break
		}
	}
	if n, err := s.Count(ctx, report.Filter{}, 0); n != 1000 || err != nil {
		t.Errorf("%d reports, %v, want 1000", n, err)
	}
	if ctx.Err() != nil {
		t.Fatal("gave up waiting")
	}
}

// noCleanup keeps a database: its whole server goes.
type noCleanup struct{ testing.TB }

func (noCleanup) Cleanup(func()) {}
