package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/streetsafe/streetsafe/internal/access"
)

const (
	// maxListeners bounds the streams that are open at once: each holds a
	// connection and a goroutine, some 30 KB. A hub has one for each page that
	// somebody looks at.
	maxListeners = 2000
	// heartbeat keeps proxies from taking a quiet stream for a dead one; most
	// wait a minute.
	heartbeat = 20 * time.Second
	// streamLife is how long a stream lasts. The page opens the next one at once:
	// a session that has been idle for too long ends then.
	streamLife = 10 * time.Minute
	// retryMillis is how long a page waits before it opens a lost stream again.
	retryMillis = 2000
	// streamGrace is how long a page may take to read an event.
	streamGrace = 15 * time.Second
)

// announcer tells open pages that there is a new generation. Listeners get no
// data of their own, only a nudge, so that a slow one holds up nobody.
type announcer struct {
	mu        sync.Mutex // guards the fields below
	listeners map[chan struct{}]struct{}
	ended     chan struct{}
	closed    bool
}

func newAnnouncer() *announcer {
	return &announcer{listeners: map[chan struct{}]struct{}{}, ended: make(chan struct{})}
}

// listen returns a channel that is nudged at each announcement, and how to stop;
// false when there are too many listeners or the server stops.
func (a *announcer) listen() (<-chan struct{}, func(), bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(a.listeners) >= maxListeners {
		return nil, nil, false
	}
	c := make(chan struct{}, 1)
	a.listeners[c] = struct{}{}
	return c, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.listeners, c)
	}, true
}

func (a *announcer) announce() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range a.listeners {
		select {
		case c <- struct{}{}:
		default: // it has not taken the last one yet, and will look at what is current then
		}
	}
}

func (a *announcer) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.closed = true
		close(a.ended)
	}
}

// Announce tells all open pages to look for a new generation. Call it when the
// cube has a new snapshot.
func (s *Server) Announce() { s.announcer.announce() }

// EndStreams ends all streams of events and takes no new ones, so that a
// shutdown need not wait for them.
func (s *Server) EndStreams() { s.announcer.close() }

// events streams the generation to a page: at once, and whenever there is a new
// one (server-sent events, HTML Living Standard, 9.2).
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	grant, err := s.granted(r, access.Ask{Surface: access.SurfaceMap})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		h.Set("Content-Type", typeEvents)
		return nil
	}
	nudges, stop, ok := s.announcer.listen()
	if !ok {
		h.Set("Retry-After", strconv.Itoa(int(heartbeat/time.Second)))
		return newProblem(http.StatusServiceUnavailable, "Too many pages listen for news just now. Ask for the generation in /api/v1/config once a minute instead.")
	}
	defer stop()
	h.Set("Content-Type", typeEvents)
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	ctx, cancel := context.WithTimeout(r.Context(), streamLife)
	defer cancel()
	s.stream(ctx, eventWriter{w, http.NewResponseController(w)}, nudges, s.stillSees(r, grant.Scope))
	return nil
}

// stillSees returns what says whether whoever opened a stream may go on with it:
// the same account, seeing the same. Trouble of the store ends nobody's.
func (s *Server) stillSees(r *http.Request, scope string) func() bool {
	account := access.FromContext(r.Context()).Account
	return func() bool {
		who, err := s.gate.Who(r)
		if err != nil {
			return true
		}
		grant, err := s.decide(who, access.Ask{Surface: access.SurfaceMap})
		return err == nil && who.Account == account && grant.Scope == scope
	}
}

const typeEvents = "text/event-stream"

// stream writes until the client has gone or may no longer see the map, the
// stream has lived its time or the server stops.
func (s *Server) stream(ctx context.Context, out eventWriter, nudges <-chan struct{}, may func() bool) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	changed := s.gate.Changed()
	if !may() { // since the request was let in
		return
	}
	told := s.cube.Current().Generation()
	err := out.send(fmt.Sprintf("retry: %d\n%s", retryMillis, generationEvent(told)))
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-s.announcer.ended:
			return
		case <-changed:
			if changed = s.gate.Changed(); !may() {
				return
			}
		case <-tick.C:
			err = out.send(": still here\n\n")
		case <-nudges:
			if now := s.cube.Current().Generation(); now != told {
				told = now
				err = out.send(generationEvent(now))
			}
		}
	}
}

func generationEvent(generation uint64) string {
	return fmt.Sprintf("id: %d\nevent: generation\ndata: {\"generation\":%d}\n\n", generation, generation)
}

type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send writes and flushes. Each event has its own deadline: that of the server
// is for answers that end.
func (e eventWriter) send(text string) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(streamGrace)) // not every writer has deadlines
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.control.Flush()
}
