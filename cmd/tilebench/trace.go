package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// request is one tile that an officer's map asks for.
type request struct {
	z, x, y uint32
	filter  int32 // number in trace.filters
	repeat  bool  // asked for before in this trace
}

// trace is a sequence of requests. The same configuration and positions give
// the same trace.
type trace struct {
	requests []request
	filters  []report.Filter
	kinds    []kind   // of each filter
	queries  []string // of each filter, without a question mark
}

type traceConfig struct {
	Seed     uint64
	Requests int
	Days     period
	Repeat   float64 // share of requests that repeat an earlier one
	MinZoom  int
	MaxZoom  int
	Filters  bool // false asks without any filter
}

// How officers behave. Three officers look at the map at once; each acts, and
// the map asks for the tiles of the view that nobody has asked for yet.
const (
	officers = 3

	// A desktop screen of 1280 by 800 pixels shows this many tiles of 256
	// pixels, counting the ones that are partly out of sight.
	viewColumns, viewRows = 6, 4

	panShare    = 0.45
	zoomShare   = 0.20
	filterShare = 0.25 // the rest jumps to another place

	// One in ten of the tiles in view where nobody ever reported anything is
	// asked for. All of them would be half of the trace, and an empty answer
	// is the cheapest: the figures are to be of tiles with something on them.
	emptyShare = 0.1

	// Half of the repeats go back to what was looked at lately.
	recentRequests = 500

	// maxIdleActs ends a trace that finds nothing new to ask for.
	maxIdleActs = 100_000
)

type officer struct {
	at     position
	zoom   int
	filter int32
}

// tracer builds a trace.
type tracer struct {
	cfg    traceConfig
	places *places
	rand   *rand.Rand
	seen   map[request]bool // asked for, or left out
	deck   []kind           // the kinds of filter to come
	trace
}

// newTrace makes a trace whose views lie where the reports are.
func newTrace(cfg traceConfig, where *places) (*trace, error) {
	if len(where.at) == 0 {
		return nil, fmt.Errorf("trace: no positions to look at")
	}
	if cfg.MinZoom < 0 || cfg.MaxZoom > 22 || cfg.MinZoom > cfg.MaxZoom {
		return nil, fmt.Errorf("trace: zoom %d to %d: expected 0 to 22", cfg.MinZoom, cfg.MaxZoom)
	}
	t := &tracer{cfg: cfg, places: where, rand: rand.New(rand.NewPCG(cfg.Seed, 0x7472616365)), seen: make(map[request]bool)}
	var team [officers]officer
	for i := range team {
		team[i].filter = t.newFilter()
		t.jump(&team[i])
	}
	for idle := 0; len(t.requests) < cfg.Requests; idle++ {
		before := len(t.requests)
		o := &team[t.rand.IntN(officers)]
		t.act(o)
		t.look(o)
		if len(t.requests) > before {
			idle = 0
		}
		if idle > maxIdleActs {
			return nil, fmt.Errorf("trace: only %d different tiles to ask for, expected %d: allow more zooms or filters", len(t.requests), cfg.Requests)
		}
	}
	return &t.trace, nil
}

func (t *tracer) act(o *officer) {
	switch p := t.rand.Float64(); {
	case p < panShare:
		// Up to a screen in any direction, as a drag does.
		o.at.x += (t.rand.Float64()*2 - 1) * viewColumns / math.Exp2(float64(o.zoom))
		o.at.y += (t.rand.Float64()*2 - 1) * viewRows / math.Exp2(float64(o.zoom))
		o.at.x, o.at.y = clampUnit(o.at.x), clampUnit(o.at.y)
	case p < panShare+zoomShare:
		step := 1 + t.rand.IntN(2)
		if t.rand.IntN(2) == 0 {
			step = -step
		}
		o.zoom = min(max(o.zoom+step, t.cfg.MinZoom), t.cfg.MaxZoom)
	case p < panShare+zoomShare+filterShare:
		o.filter = t.newFilter()
	default:
		t.jump(o)
	}
}

func (t *tracer) jump(o *officer) {
	o.at = t.places.at[t.rand.IntN(len(t.places.at))]
	o.zoom = t.cfg.MinZoom + t.rand.IntN(t.cfg.MaxZoom-t.cfg.MinZoom+1)
}

// newFilter draws a filter. The kinds are dealt from a shuffled deck, so that a
// short trace has all of them too.
func (t *tracer) newFilter() int32 {
	k := kindNone
	if t.cfg.Filters {
		if len(t.deck) == 0 {
			for _, i := range t.rand.Perm(numKinds) {
				t.deck = append(t.deck, kind(i))
			}
		}
		k, t.deck = t.deck[0], t.deck[1:]
	}
	f := randomFilter(t.rand, k, t.cfg.Days)
	for i := range t.filters {
		if t.filters[i] == f {
			return int32(i)
		}
	}
	t.filters = append(t.filters, f)
	t.kinds = append(t.kinds, k)
	t.queries = append(t.queries, f.Query())
	return int32(len(t.filters) - 1)
}

// look asks for the tiles of the officer's view that are new, mixed with
// repeats.
func (t *tracer) look(o *officer) {
	size := math.Exp2(float64(o.zoom))
	left, top := int(o.at.x*size-viewColumns/2.0), int(o.at.y*size-viewRows/2.0)
	for y := max(top, 0); y < min(top+viewRows, int(size)); y++ {
		for x := max(left, 0); x < min(left+viewColumns, int(size)); x++ {
			r := request{z: uint32(o.zoom), x: uint32(x), y: uint32(y), filter: o.filter}
			if t.seen[r] || len(t.requests) == t.cfg.Requests {
				continue
			}
			t.seen[r] = true
			if !t.places.has(r.z, r.x, r.y) && t.rand.Float64() >= emptyShare {
				continue
			}
			t.requests = append(t.requests, r)
			for len(t.requests) < t.cfg.Requests && t.rand.Float64() < t.cfg.Repeat {
				t.requests = append(t.requests, t.earlier())
			}
		}
	}
}

func (t *tracer) earlier() request {
	n := len(t.requests)
	i := t.rand.IntN(n)
	if t.rand.IntN(2) == 0 {
		i = n - 1 - t.rand.IntN(min(n, recentRequests))
	}
	r := t.requests[i]
	r.repeat = true
	return r
}

// target turns requests into the paths of a tile server.
type target struct {
	parts [4]string // around {z}, {x} and {y}
	tail  string    // after {filter}, or after {y}
	query byte      // '?' or '&' before the filter; 0 when it has no place
	finer int       // resolutions finer than the zoom's own that are asked for
}

// parseTarget reads a path such as "/tiles/{z}/{x}/{y}.mvt{filter}".
// {filter} becomes "?factors=..." or, after a question mark, "&factors=...";
// without a filter it becomes nothing.
func parseTarget(template string) (target, error) {
	var t target
	rest := template
	for i, name := range []string{"{z}", "{x}", "{y}"} {
		before, after, ok := strings.Cut(rest, name)
		if !ok {
			return t, fmt.Errorf("address %q: expected {z}, {x} and {y} in this order", template)
		}
		t.parts[i], rest = before, after
	}
	t.parts[3] = rest
	if before, after, ok := strings.Cut(rest, "{filter}"); ok {
		t.parts[3], t.tail, t.query = before, after, '?'
		if strings.Contains(template[:len(template)-len(after)], "?") {
			t.query = '&'
		}
	}
	return t, nil
}

// appendPath appends the path and query of a request.
func (t *target) appendPath(b []byte, tr *trace, r request) []byte {
	b = append(b, t.parts[0]...)
	b = strconv.AppendUint(b, uint64(r.z), 10)
	b = append(b, t.parts[1]...)
	b = strconv.AppendUint(b, uint64(r.x), 10)
	b = append(b, t.parts[2]...)
	b = strconv.AppendUint(b, uint64(r.y), 10)
	b = append(b, t.parts[3]...)
	if q := tr.queries[r.filter]; t.query != 0 && q != "" {
		b = append(append(b, t.query), q...)
		if t.finer > 0 {
			b = t.appendRes(append(b, '&'), r.z)
		}
	} else if t.query != 0 && t.finer > 0 {
		b = t.appendRes(append(b, t.query), r.z)
	}
	return append(b, t.tail...)
}

// appendRes asks for finer cells, as far as the zoom allows. One step has seven
// times as many of them.
func (t *target) appendRes(b []byte, z uint32) []byte {
	_, finest := tiles.ResolutionRange(z)
	res := min(tiles.ResolutionForZoom(z)+t.finer, finest)
	return strconv.AppendInt(append(b, "res="...), int64(res), 10)
}
