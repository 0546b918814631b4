package main

import (
	"fmt"
	"net/http"
	"strconv"
)

// bare is the ceiling: the least that a Go program has to do to answer with
// bytes it has in memory. What net/http and the loopback interface allow is
// what the tile server is measured against.
type bare map[string]*canned // by request URI

type canned struct {
	status int
	body   []byte
	head   http.Header // shared by all answers, never changed
}

var _ http.Handler = bare(nil)

func (b bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := b[r.RequestURI]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	for k, v := range c.head {
		h[k] = v
	}
	if c.body == nil {
		w.WriteHeader(c.status)
		return
	}
	_, _ = w.Write(c.body) // a client that left is counted by itself
}

// maxCannedBytes bounds the recorded answers; a longer trace is cut.
const maxCannedBytes = 768 << 20

// record asks a handler for every tile of a trace once and returns a bare
// handler with the same answers, and the part of the trace that it covers.
func record(h http.Handler, to target, tr *trace, accept string) (bare, *trace, error) {
	b := make(bare)
	in, out := newInput(accept), newSink(true)
	total := 0
	for i, r := range tr.requests {
		path := string(to.appendPath(nil, tr, r))
		if b[path] != nil {
			continue
		}
		if err := in.setPath(path); err != nil {
			return nil, nil, err
		}
		out.reset()
		h.ServeHTTP(out, &in.request)
		if out.status >= http.StatusBadRequest {
			return nil, nil, fmt.Errorf("GET %s: status %d: %.300s", path, out.status, out.body)
		}
		if total += out.size; total > maxCannedBytes {
			short := *tr
			short.requests = tr.requests[:i]
			return b, &short, nil
		}
		b[path] = newCanned(out)
	}
	return b, tr, nil
}

func newCanned(out *sink) *canned {
	c := &canned{status: out.status, head: http.Header{}}
	if out.size > 0 {
		c.body = append([]byte(nil), out.body...)
		c.head["Content-Length"] = []string{strconv.Itoa(len(c.body))}
	}
	for _, k := range []string{"Content-Type", "Content-Encoding", "Etag", "ETag", "Cache-Control", "Vary"} {
		if v, ok := out.head[k]; ok {
			c.head[k] = append([]string(nil), v...)
		}
	}
	return c
}
