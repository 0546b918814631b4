package cube

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
