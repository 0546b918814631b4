package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Together these tests kill 50 processes, half of them on each engine. A
// process is killed at a random time after its start, drawn from a seed, so
// that every part of its life is met.
const (
	importKills  = 10
	publishKills = 8
	serveKills   = 7
)

// killer draws when to kill.
type killer struct{ *rand.Rand }

func newKiller(seed uint64) killer { return killer{rand.New(rand.NewPCG(seed, 50))} }

// after kills a process within so long and waits until it is gone.
func (k killer) after(p *process, within time.Duration) {
	select {
	case <-time.After(time.Duration(k.Int64N(int64(within)))):
	case <-p.ended:
	}
	p.kill()
}

// manyReports writes a CSV file of n reports.
func manyReports(t *testing.T, n int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	var b bytes.Buffer
	b.WriteString("external_id,lat,lng,occurred_at,factors\n")
	for i := range n {
		at := time.Date(2025, 1, 1, rng.IntN(24), 0, 0, 0, time.UTC).AddDate(0, 0, rng.IntN(60))
		fmt.Fprintf(&b, "r%07d,%.5f,%.5f,%s,%s\n", i, 51.3+rng.Float64()/5, -0.3+rng.Float64()/5,
			at.Format(time.RFC3339), report.Factor(rng.IntN(report.NumFactors)).ID())
	}
	path := filepath.Join(t.TempDir(), "many.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An import is killed again and again. What a reader has once seen stays, each
// batch is there as a whole or not at all, and running the import to its end
// gives every row once: that summary is the acknowledgement. When a life was
// long enough to end, the next one imports the file under another name.
func TestKill_import(t *testing.T) {
	t.Parallel() // they wait more than they work
	const rows, batch = 90_000, 20_000
	file := manyReports(t, rows)
	engines(t, func(t *testing.T, s storage) {
		st := openAt(t, s, nil)
		args := func(round int64) []string {
			args := []string{"import", "--source", fmt.Sprint(round), "--rejects", filepath.Join(t.TempDir(), "rejects.csv"), "--data", s.dir}
			if s.url != "" {
				args = append(args, "--database-url", s.url)
			}
			return append(args, file)
		}
		k, seen, partial := newKiller(1), int64(0), 0
		for range importKills {
			k.after(launch(t, args(seen/rows)...), time.Second)
			n := countSoon(t, st)
			if n < seen || n%rows%batch != 0 {
				t.Errorf("%d reports after %d, want whole batches and none to go", n, seen)
			}
			if seen = n; n%rows > 0 {
				partial++
			}
		}
		rounds := seen/rows + 1
		if err := launch(t, args(rounds-1)...).wait(); err != nil {
			t.Fatal(err)
		}
		wantExactly(t, st, rounds*rows, 0)
		if g, err := st.Generation(t.Context()); err != nil || int64(g) != rounds*((rows+batch-1)/batch) {
			t.Errorf("generation %d, %v, want one for each batch", g, err)
		}
		t.Logf("%d of %d kills left a part of a file; %d files in the end", partial, importKills, rounds)
	})
}

// countSoon counts as soon as the database answers again.
func countSoon(t *testing.T, st store.Store) (n int64) {
	t.Helper()
	eventually(t, "the store can be read", func() bool {
		var err error
		n, err = st.Count(t.Context(), report.Filter{}, 0)
		return err == nil
	})
	return n
}

// A server is killed while it publishes what was submitted. Submit has returned
// for all of it, so all of it is published in the end, once.
func TestKill_publisher(t *testing.T) {
	t.Parallel() // they wait more than they work
	const perRound = 200
	engines(t, func(t *testing.T, s storage) {
		st := openAt(t, s, daysAgo(3))
		k, submitted := newKiller(2), int64(0)
		for round := range publishKills {
			for i := range perRound {
				if err := st.Submit(t.Context(), formSource, store.Submission{Record: submission(t, fmt.Sprintf("%d-%d", round, i)), Weight: 1}); err != nil {
					t.Fatal(err)
				}
				submitted++
			}
			p := launchOnly(t, serveArgs(t, s)...)
			k.after(p, 600*time.Millisecond)
			n := countSoon(t, st)
			if w, err := st.Waiting(t.Context()); err != nil || n+w != submitted || n%perRound != 0 {
				t.Errorf("%d published and %d waiting, %v; want %d in all, in whole batches", n, w, err, submitted)
			}
		}
		last := serveStore(t, s)
		eventually(t, "all is published", func() bool { return last.ready().Reports == submitted })
		last.stop()
		wantExactly(t, st, submitted, 0)
	})
}

// submission is a report as the form keeps it.
func submission(t *testing.T, id string) report.Record {
	t.Helper()
	cell, err := report.CellAt(51.3762, -0.0982)
	if err != nil {
		t.Fatal(err)
	}
	return report.Record{ExternalID: id, Report: report.Report{
		Cell: cell, Day: report.DayOf(time.Now()) - 10, Daypart: report.Night, Factors: 1,
	}}
}

// A server is killed while many people send reports. Each sends again, with the
// same key, until it is told that its report is received; every report is there
// once, and none that nobody sent.
func TestKill_server(t *testing.T) {
	t.Parallel() // they wait more than they work
	const senders = 12
	engines(t, func(t *testing.T, s storage) {
		st := openAt(t, s, nil)
		k := newKiller(3)
		rng := rand.New(rand.NewPCG(4, 4))
		acknowledged, cut := int64(0), 0
		for life := range serveKills + 1 {
			p := serveStore(t, s)
			var group sync.WaitGroup
			var mu sync.Mutex // guards unanswered
			var unanswered []string
			for range senders {
				key := uuid.Must(uuid.NewRandomFromReader(randomBytes{rng})).String()
				group.Go(func() {
					if status := p.submit(key); status != http.StatusAccepted {
						mu.Lock()
						unanswered = append(unanswered, key)
						mu.Unlock()
					}
				})
			}
			if life < serveKills {
				k.after(p, 900*time.Millisecond)
			}
			group.Wait()
			acknowledged += int64(senders - len(unanswered))
			w, err := st.Waiting(t.Context())
			if err != nil || w < acknowledged || w > acknowledged+int64(len(unanswered)) {
				t.Errorf("%d reports wait, %v; %d were acknowledged and %d were not", w, err, acknowledged, len(unanswered))
			}
			cut += len(unanswered)
			if len(unanswered) > 0 {
				resend(t, s, unanswered)
				acknowledged += int64(len(unanswered))
			}
			wantExactly(t, st, 0, acknowledged)
		}
		t.Logf("%d of %d submissions got no answer at first", cut, (serveKills+1)*senders)
	})
}

// resend sends reports again through a server that lives.
func resend(t *testing.T, s storage, keys []string) {
	t.Helper()
	p := serveStore(t, s)
	var group sync.WaitGroup
	for _, key := range keys {
		group.Go(func() {
			if status := p.submit(key); status != http.StatusAccepted {
				t.Errorf("sent again: status %d", status)
			}
		})
	}
	group.Wait()
	p.stop()
}

// randomBytes reads from a seeded source.
type randomBytes struct{ *rand.Rand }

func (r randomBytes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return len(p), nil
}
