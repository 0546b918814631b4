// Package tilecache keeps finished responses in memory under a byte budget and
// makes sure that one missing response is worked out once, however many ask
// for it.
//
// patrickmn/go-cache has no size limit, so the cache is two generations of it:
// entries are born in the young one, a hit in the old one moves the entry to
// the young one, and when the young one holds half of the budget it becomes
// the old one and the former old one is dropped whole. That keeps what is
// asked for again, costs one map look-up for a hot entry, and never exceeds
// the budget, whatever is asked.
package tilecache

import (
	"sync"
	"sync/atomic"

	gocache "github.com/patrickmn/go-cache"
)

// entryOverhead is what an entry costs beside its bytes: the map slot, the
// string and slice headers, go-cache's Item and four header fields. Measured as
// heap growth over 100,000 entries with a key of 34 bytes: 380 bytes.
const entryOverhead = 400

// Entry is one finished response: the bytes that go to the socket and the
// headers that describe them, made once so that a hit allocates nothing. It must
// not be changed once it is in the cache.
type Entry struct {
	Body   []byte // nil for an empty answer (204)
	Header []HeaderField
}

// HeaderField is one header: its name in canonical form and its values, as
// net/http.Header holds them.
type HeaderField struct {
	Name   string
	Values []string
}

// Stats counts look-ups since the start. Every look-up is exactly one of Hits,
// Misses and Coalesced.
type Stats struct {
	Hits      uint64 `json:"hits"`
	Misses    uint64 `json:"misses"`
	Coalesced uint64 `json:"coalesced"` // waited for the fill of another request
	Evicted   uint64 `json:"evicted"`
	Entries   int    `json:"entries"`
	Bytes     int64  `json:"bytes"`
	Budget    int64  `json:"budget"`
}

// Cache is safe for use by many goroutines.
type Cache struct {
	budget int64
	halves atomic.Pointer[halves]

	storing sync.Mutex // guards the change of halves and the sizes within

	flights flights

	hits, misses, coalesced, evicted atomic.Uint64
}

type halves struct {
	young, old           *gocache.Cache
	youngBytes, oldBytes int64 // guarded by Cache.storing
}

// New returns a cache that holds at most budget bytes, keys and bookkeeping
// included, and lets at most fills fills run at once. A budget of zero keeps
// nothing; fills still coalesce.
func New(budget int64, fills int) *Cache {
	c := &Cache{budget: budget}
	c.flights.init(fills)
	c.halves.Store(&halves{young: newHalf(), old: newHalf()})
	return c
}

// newHalf turns go-cache's janitor and expiry off: an entry's key holds the
// generation it was made from, so it is never wrong, only unused.
func newHalf() *gocache.Cache { return gocache.New(gocache.NoExpiration, 0) }

func (c *Cache) lookUp(key string) (*Entry, bool) {
	h := c.halves.Load()
	if v, ok := h.young.Get(key); ok {
		return v.(*Entry), true
	}
	v, ok := h.old.Get(key)
	if !ok {
		return nil, false
	}
	e := v.(*Entry)
	c.store(key, e)
	return e, true
}

func (c *Cache) store(key string, e *Entry) {
	cost := int64(len(e.Body)+len(key)) + entryOverhead
	half := c.budget / 2
	if cost > half {
		return // would push everything else out for one answer
	}
	c.storing.Lock()
	defer c.storing.Unlock()
	h := c.halves.Load()
	if h.young.Add(key, e, gocache.NoExpiration) != nil {
		return // another request stored it first
	}
	h.youngBytes += cost
	if h.youngBytes <= half {
		return
	}
	// The entry just added starts the next young half, so that the old one
	// stays within its share.
	h.young.Delete(key)
	c.evicted.Add(uint64(h.old.ItemCount()))
	next := &halves{young: newHalf(), old: h.young, youngBytes: cost, oldBytes: h.youngBytes - cost}
	next.young.Set(key, e, gocache.NoExpiration)
	c.halves.Store(next)
}

// Stats returns the counters and the present size. An entry that moved to the
// young half counts twice until the old half is dropped, so Bytes errs high.
func (c *Cache) Stats() Stats {
	c.storing.Lock()
	defer c.storing.Unlock()
	h := c.halves.Load()
	return Stats{
		Hits: c.hits.Load(), Misses: c.misses.Load(), Coalesced: c.coalesced.Load(), Evicted: c.evicted.Load(),
		Entries: h.young.ItemCount() + h.old.ItemCount(), Bytes: h.youngBytes + h.oldBytes, Budget: c.budget,
	}
}
