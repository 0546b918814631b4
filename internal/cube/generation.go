package cube

import "github.com/streetsafe/streetsafe/tiles"

// TileGeneration is the last generation that changed anything that the tile can
// show, at any resolution and with any filter; 0 when nothing ever did. Caches
// keep a tile for as long as it stays the same. It depends on the batches alone,
// so all replicas agree. It may count a change just outside the tile, never miss
// one inside.
func (s *Snapshot) TileGeneration(t tiles.Tile) uint64 {
	if !t.Valid() {
		return 0
	}
	// The boxes of the coarsest cells enclose all that is inside them, so they
	// answer for the finer resolutions too.
	res, _ := tiles.ResolutionRange(t.Z)
	res = min(res, genRes)
	var gen uint64
	in := sightsOf(t)
	for i := range s.boxes {
		if meets, _ := in.see(s.boxes[i]); !meets {
			continue
		}
		see := in
		if s.boxes[i].inland() {
			see.n = 1
		}
		for _, p := range s.shards[i].parts {
			gen = p.tree.newest(&see, span{minRes, 0, 1}, res, gen)
		}
	}
	return gen
}

// span is the nodes lo to hi of one resolution.
type span struct{ res, lo, hi int }

// newest is the largest of gen and the generations of the cells of resolution
// res that are in sight and among, or below, some nodes.
func (t *tree) newest(in *sights, among span, res int, gen uint64) uint64 {
	n := t.at(among.res)
	for i := among.lo; i < among.hi; i++ {
		if n.gens[i] <= gen {
			continue
		}
		meets, within := in.see(n.boxes[i])
		switch {
		case !meets:
		case within || among.res == res:
			gen = n.gens[i]
		default:
			gen = t.newest(in, span{among.res + 1, int(n.child[i]), int(n.child[i+1])}, res, gen)
		}
	}
	return gen
}
