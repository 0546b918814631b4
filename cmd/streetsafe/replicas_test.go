package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

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

// loadBatch reports are inserted each loadPace, which leaves the processors to the
// other tests that run.
const (
	loadBatch = 300
	loadPace  = 50 * time.Millisecond
)

func startLoad(t *testing.T, st store.Store, servers []*process) *load {
	l := &load{stop: make(chan struct{})}
	l.group.Go(func() {
		pace := time.NewTicker(loadPace)
		defer pace.Stop()
		for i := 0; !l.stopped(); i++ {
			<-pace.C
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
	eventually(t, "the maps have reports", func() bool {
		return !slices.ContainsFunc(servers, func(p *process) bool { return p.ready().Reports == 0 })
	})
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
		if status, _ := p.fetch("/api/v1/views"); status != http.StatusServiceUnavailable {
			t.Errorf("replica %d answers what only the database knows by %d", i, status)
		}
		if status := p.logIn(); status != http.StatusServiceUnavailable {
			t.Errorf("replica %d answers a log-in by %d", i, status)
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

// The network to the database stands still under load, without an error: it goes
// on, or the connections break at last.
func TestReplicas_networkStalls(t *testing.T) {
	t.Parallel()
	for end, do := range map[string]func(*proxy){"goes on": func(*proxy) {}, "breaks": (*proxy).cut} {
		t.Run(end, func(t *testing.T) {
			t.Parallel() // they wait more than they work
			server := needDatabase(t)
			direct := server.NewDatabase(t)
			network := newProxy(t, server.Host())
			s := storage{url: network.at(t, direct)}
			st := openAt(t, s, nil)
			all := replicas(t, s, 2)
			l := startLoad(t, st, all)
			l.underWay(t)
			network.stall()
			wantDegraded(t, all, l)
			do(network)
			network.resume()
			l.underWay(t)
			wantAcknowledged(t, st, all, l)
		})
	}
}
