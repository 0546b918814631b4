package cube

import (
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"
)

// change is what a batch does to one shard.
type change struct {
	generation       uint64
	added, retracted []row
	tuning
	keep int // the first keep parts stay as they are
}

func split(b Batch) (map[h3.Cell]*change, error) {
	changes := map[h3.Cell]*change{}
	of := func(c h3.Cell) *change {
		root := parentOf(c, minRes)
		ch := changes[root]
		if ch == nil {
			ch = &change{}
			changes[root] = ch
		}
		return ch
	}
	for _, r := range b.Add {
		row, err := rowOf(r)
		if err != nil {
			return nil, err
		}
		ch := of(r.Cell)
		ch.added = append(ch.added, row)
	}
	for _, r := range b.Retract {
		row, err := rowOf(r)
		if err != nil {
			return nil, err
		}
		ch := of(r.Cell)
		ch.retracted = append(ch.retracted, row)
	}
	return changes, nil
}

// with is the shard with a change in it, which is laid out as a part of its own,
// or as two, together with the small parts before it.
func (sh *shard) with(ch *change) (*shard, error) {
	slices.Sort(ch.added)
	slices.Sort(ch.retracted)
	keys := keysOf(ch.added, ch.retracted)
	changed := make(map[uint32]bool, len(keys))
	for _, key := range keys {
		changed[key>>(h3Digit*(maxRes-genRes))] = true
	}
	// What the batch both adds and retracts only leaves its mark in the tree.
	added, retracted := subtract(ch.added, ch.retracted)
	if err := sh.mustHold(retracted); err != nil {
		return nil, err
	}
	small := sh.smallParts(ch)
	joined := treesOf(sh.parts[small:])
	if len(joined) > 0 {
		for _, p := range sh.parts[small:] {
			added, retracted = p.appendRows(added, retracted)
		}
		slices.Sort(added)
		slices.Sort(retracted)
		added, retracted = subtract(added, retracted)
		keys = unionKeys(keys, joined)
	}
	t, err := newTree(sh.root, keys, func(key uint32) uint64 {
		if changed[key] {
			return ch.generation
		}
		return newestOf(joined, key)
	}, treesOf(sh.parts))
	if err != nil {
		return nil, err
	}
	parts := slices.Clone(sh.parts[:small])
	if len(added) > 0 || len(retracted) == 0 {
		parts = append(parts, newPart(t, added, false))
	}
	if len(retracted) > 0 {
		parts = append(parts, newPart(t, retracted, true))
	}
	return newShard(sh.root, parts), nil
}

// smallParts is where the parts begin that are joined with a change: the youngest
// ones, as long as each is not much larger than all after it.
func (sh *shard) smallParts(ch *change) int {
	rows := len(ch.added) + len(ch.retracted)
	for i := len(sh.parts); ; i-- {
		if i == ch.keep {
			return i
		}
		n := sh.parts[i-1].len()
		if n > ch.tierRatio*rows || rows+n > ch.inlineRows {
			return i
		}
		rows += n
	}
}

// treesOf lists the trees of parts.
func treesOf(parts []*part) []*tree {
	var trees []*tree
	for _, p := range parts {
		if !slices.Contains(trees, p.tree) {
			trees = append(trees, p.tree)
		}
	}
	return trees
}

// appendRows appends what the part adds and what it retracts, one of them.
func (p *part) appendRows(added, retracted []row) (_, _ []row) {
	to := &added
	if p.negative {
		to = &retracted
	}
	p.each(func(r row) { *to = append(*to, r) })
	return added, retracted
}

// each calls do with every row of the part, in order.
func (p *part) each(do func(row)) {
	r := marksReader{rows: p.at(maxRes)}
	var marks []mark
	for i, key := range p.tree.at(maxRes).keys {
		marks = r.append(marks[:0], i)
		for _, m := range marks {
			do(row(key)<<rowKeyShift | row(m))
		}
	}
}

// appendRowsOf appends the part's rows of the cells of some sorted rows.
func (p *part) appendRowsOf(dst, cells []row) []row {
	r := marksReader{rows: p.at(maxRes)}
	var marks []mark
	for n, c := range cells {
		if n > 0 && c.key() == cells[n-1].key() {
			continue
		}
		if i, ok := p.tree.at(maxRes).find(c.key()); ok {
			marks = r.append(marks[:0], i)
			for _, m := range marks {
				dst = append(dst, row(c.key())<<rowKeyShift|row(m))
			}
		}
	}
	return dst
}

// mustHold checks that the shard has each of the sorted rows as often as they
// name it.
func (sh *shard) mustHold(sorted []row) error {
	for i := 0; i < len(sorted); {
		n := 1
		for i+n < len(sorted) && sorted[i+n] == sorted[i] {
			n++
		}
		if held := sh.count(sorted[i]); held < n {
			return fmt.Errorf("cube: retracting %d reports of cell %s of which there are %d",
				n, cellOf(sh.root, maxRes, sorted[i].key()), held)
		}
		i += n
	}
	return nil
}

// count is how many reports are equal to this one.
func (sh *shard) count(want row) int {
	n := 0
	for _, p := range sh.parts {
		r := p.at(maxRes)
		if r == nil {
			continue
		}
		i, ok := p.tree.at(maxRes).find(want.key())
		if !ok {
			continue
		}
		day := want.mark().day()
		for a, b := r.window(i, day, day+1); a < b; a++ {
			if attrOfVector(r.vector(a)) == want.mark().attr() {
				n += int(p.sign())
			}
		}
	}
	return n
}
