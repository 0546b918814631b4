package cube

import (
	"runtime"
	"slices"

	"github.com/uber/h3-go/v4"
)

// tuning says when parts are joined.
type tuning struct {
	inlineRows int
	tierRatio  int
}

const (
	// defaultInlineRows is up to how many rows of a shard Apply lays out itself,
	// at 1 us a row: what is larger is left to the background.
	defaultInlineRows = 1 << 13

	// defaultTierRatio is how many times larger a part should be than all younger
	// ones together. A shard so has few parts, about one for each power of four,
	// and a report is laid out anew about as often.
	defaultTierRatio = 4

	// breathRows is after how many rows a merge lets others have its core, about
	// every 0.1 ms. Without, requests on two cores waited for the scheduler's
	// 10 ms now and then.
	breathRows = 1 << 13
)

// job is a merge under way: of parts lo to hi of the shard root, which nobody
// else replaces meanwhile. The new parts that it has put there already are among
// them, at the end.
type job struct {
	root   h3.Cell
	lo, hi int
}

// due finds the parts that a merge should join next; ok is false when all is in
// good order. The additions and retractions that one merge has left count as one.
func (s *Snapshot) due(t tuning) (j job, ok bool) {
	for _, sh := range s.shards {
		younger, lo := 0, len(sh.parts)
		for end := len(sh.parts); end > 0; {
			n, i := 0, end
			for ; i > 0 && sh.parts[i-1].tree == sh.parts[end-1].tree; i-- {
				n += sh.parts[i-1].len()
			}
			if end < len(sh.parts) && younger*t.tierRatio >= n {
				lo = i
			}
			younger += n
			end = i
		}
		if lo < len(sh.parts) && younger > t.inlineRows {
			return job{sh.root, lo, len(sh.parts)}, true
		}
	}
	return job{}, false
}

// startMerging sets a goroutine to work if there is any. c.mu is held.
func (c *Cube) startMerging() {
	if c.idle != nil {
		return
	}
	if j, ok := c.current.Load().due(c.tuning); ok {
		c.job, c.idle = &j, make(chan struct{})
		go c.merge(c.idle)
	}
}

// merge does the job and the next ones, until none is due.
func (c *Cube) merge(idle chan struct{}) {
	defer close(idle)
	for more := true; more; {
		c.mergeParts()
		c.mu.Lock()
		c.job = nil
		j, ok := c.current.Load().due(c.tuning)
		if more = ok; more {
			c.job = &j
		} else {
			c.idle = nil
		}
		c.mu.Unlock()
	}
}

// Settled waits for the end of the merge under way, if there is one, and returns
// the snapshot then current. WriteFile needs one like this.
func (c *Cube) Settled() *Snapshot {
	for {
		c.mu.Lock()
		s, idle := c.current.Load(), c.idle
		c.mu.Unlock()
		if idle == nil {
			return s
		}
		<-idle
	}
}

// mergeParts joins the parts of the job in new ones, one for additions and one
// for the retractions that are left, level by level: memory for a second copy of
// one level is all that it needs. After each level the current snapshot is
// replaced by one that counts the same.
func (c *Cube) mergeParts() {
	sh := c.current.Load().shard(c.job.root)
	old := sh.parts[c.job.lo:c.job.hi]
	m := merger{parts: old, tree: mergeTrees(treesOf(old))}
	m.findGone()
	added, retracted := &part{tree: m.tree}, &part{tree: m.tree, negative: true}
	for res := maxRes; res >= minRes; res-- {
		m.parts = old
		plus, minus := m.rows(res)
		added = added.withRows(res, plus)
		fresh := []*part{added}
		if m.minus {
			retracted = retracted.withRows(res, minus)
			fresh = append(fresh, retracted)
		}
		old = withoutRows(old, res)
		c.publish(append(slices.Clip(old), fresh...))
	}
}

// publish replaces the parts of the job.
func (c *Cube) publish(parts []*part) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.current.Load()
	i, _ := s.find(c.job.root)
	shards := slices.Clone(s.shards)
	all := slices.Concat(s.shards[i].parts[:c.job.lo], parts, s.shards[i].parts[c.job.hi:])
	shards[i] = newShard(c.job.root, all)
	c.job.hi = c.job.lo + len(parts)
	c.current.Store(newSnapshot(s.generation, shards))
}

// withRows is the part with the rows of one level more.
func (p *part) withRows(res int, r *rows) *part {
	next := *p
	next.rows[res-minRes] = r
	return &next
}

// withoutRows are the parts without one level, and without those that have no
// level left.
func withoutRows(parts []*part, res int) []*part {
	left := make([]*part, 0, len(parts)+2)
	for _, p := range parts {
		if next := p.withRows(res, nil); next.rows != ([numLevels]*rows{}) {
			left = append(left, next)
		}
	}
	return left
}

// merger joins parts of one shard.
type merger struct {
	tree  *tree // of all their cells
	parts []*part
	gone  []row // sorted: what retractions have set off
	minus bool  // retractions are left
}

// findGone finds the retractions of reports that the parts hold too. Only the
// finest level can tell: in a coarser cell, a retraction would cancel a report
// from another part of the cell, and the levels would no longer tell the same.
func (m *merger) findGone() {
	var added, retracted []row
	for _, p := range m.parts {
		if p.negative {
			_, retracted = p.appendRows(nil, retracted)
		}
	}
	if len(retracted) == 0 {
		return
	}
	slices.Sort(retracted)
	for _, p := range m.parts {
		if !p.negative {
			added = p.appendRowsOf(added, retracted)
		}
	}
	slices.Sort(added)
	_, left := subtract(added, retracted)
	m.minus = len(left) > 0
	m.gone, _ = subtract(retracted, left)
}

// rows joins the rows of one level.
func (m *merger) rows(res int) (plus, minus *rows) {
	var sides [2]pile // plus, minus
	for _, p := range m.parts {
		sides[sideOf(p)].size += p.at(res).len()
	}
	keys := m.tree.at(res).keys
	for i := range sides {
		sides[i].start = make([]uint32, 1, len(keys)+1)
		sides[i].marks = make([]mark, 0, sides[i].size)
	}
	gone := goneAt(m.gone, res)
	next := make([]int, len(m.parts)) // the first cell of each part that is not behind
	read := make([]marksReader, len(m.parts))
	for i, p := range m.parts {
		read[i].rows = p.at(res)
	}
	breath := 0
	for _, key := range keys {
		// The youngest first: small ones are put together, and go into the large
		// ones once.
		for i := len(m.parts) - 1; i >= 0; i-- {
			p := m.parts[i]
			n := p.tree.at(res)
			if next[i] < n.len() && n.keys[next[i]] == key {
				sides[sideOf(p)].add(&read[i], next[i])
				next[i]++
			}
		}
		var off []mark
		for ; len(gone) > 0 && gone[0].key() == key; gone = gone[1:] {
			off = append(off, gone[0].mark())
		}
		breath += sides[0].close(off) + sides[1].close(off)
		if breath > breathRows {
			breath = 0
			runtime.Gosched()
		}
	}
	return newRows(res, sides[0].start, sides[0].marks), newRows(res, sides[1].start, sides[1].marks)
}

// goneAt is the rows with the keys of a coarser level, sorted.
func goneAt(gone []row, res int) []row {
	at := make([]row, len(gone))
	for i, r := range gone {
		at[i] = row(r.key()>>(h3Digit*(maxRes-res)))<<rowKeyShift | row(r.mark())
	}
	slices.Sort(at)
	return at
}

// pile is the marks of a level in the making.
type pile struct {
	start   []uint32
	marks   []mark
	size    int
	scratch []mark
}

// add puts the marks of a part's cell to those of the cell in hand, in order.
func (p *pile) add(r *marksReader, i int) {
	from, mid := int(p.start[len(p.start)-1]), len(p.marks)
	p.marks = r.append(p.marks, i)
	if mid == from {
		return
	}
	// From the end, the larger of the last of both runs; what is left of the
	// first run is in its place.
	p.scratch = append(p.scratch[:0], p.marks[mid:]...)
	a, b := mid-1, len(p.scratch)-1
	for to := len(p.marks) - 1; b >= 0; to-- {
		if a >= from && p.marks[a] > p.scratch[b] {
			p.marks[to] = p.marks[a]
			a--
		} else {
			p.marks[to] = p.scratch[b]
			b--
		}
	}
}

// close finishes the cell in hand and returns how many rows it has. off are
// sorted marks to leave out, all of them there.
func (p *pile) close(off []mark) int {
	from := int(p.start[len(p.start)-1])
	cell, _ := subtract(p.marks[from:], off)
	p.marks = p.marks[:from+len(cell)]
	p.start = append(p.start, uint32(len(p.marks)))
	return len(cell)
}

func sideOf(p *part) int {
	if p.negative {
		return 1
	}
	return 0
}
