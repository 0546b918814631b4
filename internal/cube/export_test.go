package cube

import "bytes"

// ReadBytes is ReadFile of a file that is in memory.
func ReadBytes(b []byte, origin string) (*Snapshot, error) {
	return readSnapshot(bytes.NewReader(b), int64(len(b)), origin)
}

// Tune sets when a cube joins parts, so that tests see it with few reports:
// batches are laid out together up to inlineRows, and a part is merged when the
// younger ones have together one in tierRatio of its rows.
func Tune(c *Cube, inlineRows, tierRatio int) {
	c.tuning = tuning{inlineRows, tierRatio}
}

// Parts is in how many parts a snapshot's shards are, all together.
func Parts(s *Snapshot) int {
	n := 0
	for _, sh := range s.shards {
		n += len(sh.parts)
	}
	return n
}

// Shards is how many shards a snapshot has.
func Shards(s *Snapshot) int { return len(s.shards) }

// Unsettled is a snapshot as it is in the middle of a merge: the finest level of
// the first part is in a part of its own.
func Unsettled(s *Snapshot) *Snapshot {
	sh := s.shards[0]
	p := sh.parts[0]
	moved := (&part{tree: p.tree}).withRows(maxRes, p.at(maxRes))
	shards := append([]*shard{newShard(sh.root, append(withoutRows(sh.parts, maxRes), moved))}, s.shards[1:]...)
	return newSnapshot(s.generation, shards)
}
