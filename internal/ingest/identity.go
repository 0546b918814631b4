package ingest

import (
	"encoding/base64"
	"encoding/binary"
	"hash/maphash"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/report"
)

// contentMark begins the identifiers that are made from content, and divides an
// identifier that is used again from its content.
const contentMark = "~"

// identities gives rows their identifiers; see the package comment. It takes
// some 20 bytes for each row without an identifier and, where identifiers
// repeat, for each identifier; files with identifiers of their own take none.
type identities struct {
	repeats bool
	equal   map[uint64]uint32 // content -> rows so far without an identifier
	first   map[uint64]uint64 // identifier -> content of its first row
	seed    maphash.Seed
}

func newIdentities(repeats bool) *identities {
	return &identities{repeats: repeats, equal: map[uint64]uint32{}, first: map[uint64]uint64{}, seed: maphash.MakeSeed()}
}

// identify settles the identifier of the file's next record.
func (s *identities) identify(r *report.Record) {
	if r.ExternalID == "" {
		content := contentHash(r.Report)
		before := s.equal[content]
		s.equal[content] = before + 1
		r.ExternalID = contentMark + hashText(content)
		if before > 0 {
			r.ExternalID += "." + strconv.FormatUint(uint64(before), 10)
		}
		return
	}
	if !s.repeats {
		return
	}
	key, content := maphash.String(s.seed, r.ExternalID), contentHash(r.Report)
	if first, known := s.first[key]; !known {
		s.first[key] = content
	} else if first != content {
		r.ExternalID += contentMark + hashText(content)
	}
}

// contentHash mixes the columns of a report. Stores hold identifiers made from
// it: it never changes.
func contentHash(r report.Report) uint64 {
	rest := uint64(uint32(r.Day))<<32 | uint64(r.Daypart)<<24 | uint64(r.Dark)<<16 | uint64(r.Factors)
	return mix64(mix64(uint64(r.Cell)) ^ rest)
}

// mix64 is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), a bijection.
func mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hashText writes a hash as eleven characters.
func hashText(h uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], h)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
