package ingest

import (
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// WithChunkBytes makes chunks small, so that short inputs have many borders.
func WithChunkBytes(o Options, n int) Options {
	o.chunkBytes = n
	return o
}

// MaxRecordBytes is the bound on one record.
const MaxRecordBytes = maxRecordBytes

// ScanCSV splits text with the scanner; ok is false when quotes are broken.
func ScanCSV(b []byte) (records [][]string, ok bool) {
	for len(b) > 0 {
		n, kind := nextRecord(b, ',', true)
		if kind != wholeRecord {
			return records, false
		}
		record := trimLineEnd(string(b[:n]))
		b = b[n:]
		if record == "" {
			continue
		}
		fields, ok := splitFields(nil, record, ',', false)
		if !ok {
			return records, false
		}
		records = append(records, fields)
	}
	return records, true
}

// ParseMoment reads a time and returns it in UTC, or on its own clock as if it
// were UTC when it has no offset.
func ParseMoment(s string) (t time.Time, zoned, ok bool) {
	m, ok := parseMoment(s)
	return m.date(time.FixedZone("", m.offsetSeconds)), m.zoned, ok
}

// CountSeen has a dry run that keeps a number of identifiers count some.
func CountSeen(limit int, ids ...string) (accepted, duplicates int64, note string) {
	seen, s := newSeenIDs(limit), Summary{}
	records := make([]report.Record, len(ids))
	for i, id := range ids {
		records[i].ExternalID = id
	}
	seen.count(records, &s)
	return s.Accepted, s.Duplicates, seen.note()
}
