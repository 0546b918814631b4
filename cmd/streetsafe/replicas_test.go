package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// croydonTile has the reports of these tests in it.
const croydonTile = "/tiles/reports/12/2046/1364.mvt"

// replicas starts servers on one store. Who looks at their maps is known before:
// a new account makes servers ask the database again about everybody.
func replicas(t *testing.T, s storage, n int) []*process {
	t.Helper()
	user := credentials(t, serveArgs(t, s))
	all := make([]*process, n)
	for i := range all {
		all[i] = serveStore(t, s)
		all[i].user = user
	}
	return all
}

// wantSame wants all replicas to be where the store is and to answer alike, and
// returns how long that took.
func wantSame(t *testing.T, all []*process, generation uint64, reports int64) time.Duration {
	t.Helper()
	took := eventually(t, fmt.Sprintf("all replicas are at generation %d", generation), func() bool {
		for _, p := range all {
			if r := p.ready(); r.Generation != generation || r.Behind != 0 || r.Reason != "" {
				return false
			}
		}
		return true
	})
	status, first := all[0].fetch(croydonTile)
	for i, p := range all {
		if r := p.ready(); !r.Ready || r.Reports != reports {
			t.Errorf("replica %d: %+v, want %d reports", i, r, reports)
		}
		if s, body := p.fetch(croydonTile); s != status || !bytes.Equal(body, first) {
			t.Errorf("replica %d answers %d and %d bytes, the first one %d and %d", i, s, len(body), status, len(first))
		}
	}
	return took
}

// insert publishes n new reports and returns the generation.
func insert(t *testing.T, st store.Store, prefix string, n int) uint64 {
	t.Helper()
	res, err := st.Insert(t.Context(), "s", batchOf(t, prefix, n))
	if err != nil || res.Accepted != n {
		t.Fatalf("%+v, %v, want %d accepted", res, err, n)
	}
	return res.Generation
}

func batchOf(t *testing.T, prefix string, n int) []report.Record {
	t.Helper()
	records := make([]report.Record, n)
	for i := range records {
		records[i] = submission(t, fmt.Sprintf("%s-%d", prefix, i))
	}
	return records
}

// Replicas follow each batch, whoever publishes it, and at the same generation
// give the same bytes.
func TestReplicas_follow(t *testing.T) {
	t.Parallel() // they wait more than they work
	s := storage{url: needDatabase(t).NewDatabase(t)}
	st := openAt(t, s, nil)
	insert(t, st, "a", 100)
	all := replicas(t, s, 3)
	wantSame(t, all, 1, 100)
	for i := range 5 {
		g := insert(t, st, fmt.Sprint("b", i), 10)
		if took := wantSame(t, all, g, int64(110+10*i)); took > 5*time.Second {
			t.Errorf("batch %d was on all maps after %v only", g, took)
		}
	}
	if _, err := st.RemoveSource(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	wantSame(t, all, 7, 0)
	for _, p := range all {
		p.stop()
	}
}

// load writes to a store and through servers until it ends, remembering what
// was acknowledged, and looks at their maps all the time. Each write is repeated until it is, as its sender would.
type load struct {
	stop  chan struct{}
	group sync.WaitGroup

	inserted  atomic.Int64 // reports
	submitted atomic.Int64
	refused   atomic.Int64 // submissions answered by 503
	silent    atomic.Int64 // submissions without any answer
}

const loadBatch = 300

func startLoad(t *testing.T, st store.Store, servers []*process) *load {
	l := &load{stop: make(chan struct{})}
	l.group.Go(func() {
		for i := 0; !l.stopped(); i++ {
			records := batchOf(t, fmt.Sprint("load", i), loadBatch)
			for {
				_, err := st.Insert(t.Context(), "s", records)
				if err == nil {
					l.inserted.Add(loadBatch)
					break
				}
				if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("insert: %v, want %v", err, store.ErrUnavailable)
					return
				}
			}
		}
	})
	for _, p := range servers {
		for range 2 {
			l.group.Go(func() { l.submitTo(t, p) })
		}
	}
	return l
}

func (l *load) submitTo(t *testing.T, p *process) {
	for !l.stopped() {
		key := uuid.NewString()
		for sent := false; !sent; {
			if status := p.look(croydonTile); status != http.StatusOK && status != http.StatusNoContent {
				t.Errorf("a tile is answered by %d", status)
			}
			switch status := p.submit(key); status {
			case http.StatusAccepted:
				l.submitted.Add(1)
				sent = true
			case http.StatusServiceUnavailable:
				l.refused.Add(1)
			case 0:
				l.silent.Add(1)
			default:
				t.Errorf("a submission was answered by %d", status)
				return
			}
		}
	}
}

func (l *load) stopped() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// end waits until all that was begun is acknowledged.
func (l *load) end() {
	close(l.stop)
	l.group.Wait()
}

// underWay waits until more has been acknowledged.
func (l *load) underWay(t *testing.T) {
	t.Helper()
	inserted, submitted := l.inserted.Load(), l.submitted.Load()
	eventually(t, "the load goes on", func() bool { return l.inserted.Load() > inserted && l.submitted.Load() > submitted })
}

// wantDegraded wants replicas to say that the database is away, to serve the map
// they have, and to refuse submissions.
func wantDegraded(t *testing.T, all []*process, l *load) {
	t.Helper()
	for i, p := range all {
		took := eventually(t, "readiness tells of the database", func() bool { return p.ready().Reason != "" })
		if r := p.ready(); !r.Ready || r.Reports == 0 {
			t.Errorf("replica %d does not serve without the database: %+v", i, r)
		}
		if status, body := p.fetch(croydonTile); status != http.StatusOK || len(body) == 0 {
			t.Errorf("replica %d answers a tile by %d", i, status)
		}
		t.Logf("replica %d told after %v", i, took.Round(time.Millisecond))
	}
	refused := l.refused.Load()
	eventually(t, "submissions are refused", func() bool { return l.refused.Load() > refused })
}

// wantAcknowledged ends the load and wants exactly what was acknowledged.
func wantAcknowledged(t *testing.T, st store.Store, all []*process, l *load) {
	t.Helper()
	l.end()
	g, err := st.Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, all, g, l.inserted.Load())
	wantExactly(t, st, l.inserted.Load(), l.submitted.Load())
	if l.silent.Load() > 0 {
		t.Errorf("%d submissions had no answer at all", l.silent.Load())
	}
	t.Logf("acknowledged: %d reports imported, %d submitted; %d submissions refused", l.inserted.Load(), l.submitted.Load(), l.refused.Load())
}

// PostgreSQL crashes twice under load and comes back.
func TestReplicas_databaseCrashes(t *testing.T) {
	t.Parallel() // they wait more than they work
	server := ownDatabase(t)
	s := storage{url: server.NewDatabase(keep{t})}
	st := openAt(t, s, nil)
	all := replicas(t, s, 2)
	l := startLoad(t, st, all)
	for range 2 {
		l.underWay(t)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		wantDegraded(t, all, l)
		if err := server.Resume(); err != nil {
			t.Fatal(err)
		}
		l.underWay(t)
	}
	wantAcknowledged(t, st, all, l)
}

// The network to the database stands still under load, without an error: once
// it goes on, and once the connections break at last.
func TestReplicas_networkStalls(t *testing.T) {
	t.Parallel() // they wait more than they work
	server := needDatabase(t)
	direct := server.NewDatabase(t)
	network := newProxy(t, server.Host())
	s := storage{url: network.at(t, direct)}
	st := openAt(t, s, nil)
	all := replicas(t, s, 2)
	l := startLoad(t, st, all)
	for _, end := range []func(){func() {}, network.cut} {
		l.underWay(t)
		network.stall()
		wantDegraded(t, all, l)
		end()
		network.resume()
		l.underWay(t)
	}
	wantAcknowledged(t, st, all, l)
}

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
