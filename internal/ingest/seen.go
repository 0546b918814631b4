package ingest

import (
	"hash/maphash"

	"github.com/streetsafe/streetsafe/internal/report"
)

// maxSeenIDs bounds the memory of a dry run to some hundred megabytes.
const maxSeenIDs = 4 << 20

// seenIDs stands in for the store in a dry run: it tells which rows of a file
// repeat an identifier.
type seenIDs struct {
	content map[uint64]uint64 // identifier -> content of its last row
	limit   int
	full    bool // some identifiers were not kept
	seed    maphash.Seed
}

func newSeenIDs(limit int) *seenIDs {
	return &seenIDs{content: map[uint64]uint64{}, limit: limit, seed: maphash.MakeSeed()}
}

// count adds to the summary what an empty store would make of records.
func (s *seenIDs) count(records []report.Record, out *Summary) {
	for i := range records {
		key, content := maphash.String(s.seed, records[i].ExternalID), contentHash(records[i].Report)
		switch before, known := s.content[key]; {
		case known && before == content:
			out.Duplicates++
			continue
		case known:
			out.Revised++
		default:
			out.Accepted++
			if len(s.content) >= s.limit {
				s.full = true
				continue
			}
		}
		s.content[key] = content
	}
}

// note says how far duplicates were looked for.
func (s *seenIDs) note() string {
	if s.full {
		return "duplicates were looked for among the first rows of this file only, and not in the store"
	}
	return "duplicates were looked for within this file only, not in the store"
}
