package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// samples are the measurements of one run through a trace, by request number.
type samples struct {
	times   []time.Duration
	status  []uint16
	sizes   []int32
	elapsed time.Duration
}

func newSamples(n int) *samples {
	return &samples{times: make([]time.Duration, n), status: make([]uint16, n), sizes: make([]int32, n)}
}

func (s *samples) set(i int, took time.Duration, a *answer) {
	s.times[i], s.status[i], s.sizes[i] = took, uint16(a.status), int32(a.size)
}

// drive sends a trace over HTTP through conns connections.
func drive(e endpoint, to target, tr *trace, conns int) (*samples, error) {
	return ask(e, len(tr.requests), conns, func(dst []byte, i int) []byte { return to.appendPath(dst, tr, tr.requests[i]) })
}

// ask makes n requests through conns connections; appendPath gives the path of
// request i. Each connection sends its next request when it has the answer to the
// last, as a browser does, and takes the next one in turn, so that the same
// requests are made whatever the number of connections.
func ask(e endpoint, n, conns int, appendPath func(dst []byte, i int) []byte) (*samples, error) {
	s := newSamples(n)
	var next atomic.Int64
	var wg sync.WaitGroup
	failures := make([]error, conns)
	start := time.Now()
	for k := range conns {
		wg.Go(func() {
			c := e.client()
			defer c.close()
			var a answer
			path := make([]byte, 0, 512)
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				path = appendPath(path[:0], i)
				began := time.Now()
				if err := c.get(path, &a, false); err != nil {
					failures[k] = fmt.Errorf("GET %s: %w", path, err)
					next.Store(int64(n)) // the others stop too
					return
				}
				s.set(i, time.Since(began), &a)
			}
		})
	}
	wg.Wait()
	s.elapsed = time.Since(start)
	return s, errors.Join(failures...)
}

// call sends a trace straight into a handler, one request after the other,
// without any network: this is the time "in the handler". Making the request
// is not part of it.
func call(h http.Handler, to target, tr *trace, accept string) (*samples, error) {
	s := newSamples(len(tr.requests))
	in, out := newInput(accept), newSink(false)
	path := make([]byte, 0, 512)
	start := time.Now()
	for i, r := range tr.requests {
		path = to.appendPath(path[:0], tr, r)
		if err := in.setPath(string(path)); err != nil {
			return nil, err
		}
		out.reset()
		began := time.Now()
		h.ServeHTTP(out, &in.request)
		s.set(i, time.Since(began), &answer{status: out.status, size: out.size})
	}
	s.elapsed = time.Since(start)
	return s, nil
}

// bestOf runs through a trace several times and keeps the least time of each
// request: what the program needs, without what else the machine was doing.
func bestOf(passes int, run func() (*samples, error)) (*samples, error) {
	var best *samples
	for range passes {
		s, err := run()
		if err != nil {
			return nil, err
		}
		if best == nil {
			best = s
			continue
		}
		for i, t := range s.times {
			best.times[i] = min(best.times[i], t)
		}
		best.elapsed = min(best.elapsed, s.elapsed)
	}
	return best, nil
}

// input is a request that is used again for every path.
type input struct{ request http.Request }

func newInput(accept string) *input {
	in := &input{http.Request{
		Method: http.MethodGet, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Host: "127.0.0.1", RemoteAddr: "127.0.0.1:1", Header: http.Header{},
	}}
	if accept != "" {
		in.request.Header.Set("Accept-Encoding", accept)
	}
	return in
}

func (in *input) setPath(path string) (err error) {
	in.request.RequestURI = path
	in.request.URL, err = url.ParseRequestURI(path)
	return err
}

// sink is a ResponseWriter that counts, and keeps the body when asked to.
type sink struct {
	head   http.Header
	status int
	size   int
	keep   bool
	body   []byte
}

var _ http.ResponseWriter = (*sink)(nil)

func newSink(keep bool) *sink { return &sink{head: make(http.Header, 16), keep: keep} }

func (s *sink) reset() {
	clear(s.head)
	s.status, s.size, s.body = http.StatusOK, 0, s.body[:0]
}

func (s *sink) Header() http.Header    { return s.head }
func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(b []byte) (int, error) {
	s.size += len(b)
	if s.keep {
		s.body = append(s.body, b...)
	}
	return len(b), nil
}

// listen serves a handler on a free port of the loopback interface until stop
// is called.
func listen(h http.Handler) (e endpoint, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return endpoint{}, nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // always ErrServerClosed, by stop
	}()
	stop = func() {
		_ = srv.Close()
		<-done
	}
	return endpoint{addr: l.Addr().String(), host: l.Addr().String()}, stop, nil
}
