package ingest

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Summary says what an import did. Every row read is accepted, a duplicate,
// revised, skipped or rejected, unless an error ended the import. In a dry run
// Accepted counts the rows that would have been sent.
type Summary struct {
	File           string           `json:"file"`
	Source         string           `json:"source"`
	Preset         string           `json:"preset"`
	Format         Format           `json:"format"`
	DryRun         bool             `json:"dry_run"`
	Read           int64            `json:"read"`
	Accepted       int64            `json:"accepted"`
	Duplicates     int64            `json:"duplicates"`
	Revised        int64            `json:"revised"`
	Skipped        int64            `json:"skipped"`
	Rejected       int64            `json:"rejected"`
	RejectedBy     map[string]int64 `json:"rejected_by_reason,omitempty"`
	SkippedBy      map[string]int64 `json:"skipped_by_category,omitempty"` // the first categories seen, as written
	MonthPrecision bool             `json:"month_precision"`
	Seconds        float64          `json:"seconds"`
	RowsPerSecond  float64          `json:"rows_per_second"`
	Notes          []string         `json:"notes,omitempty"` // what the user should know

	good    int64              // rows that were read without fault
	foreign bool               // some times have an offset that is not that of the place
	first   map[string]*Reject // by reason
}

// wrongAfterRows is how many rows a file gets to hold a good one.
const wrongAfterRows = 1000

// maxSkippedBy bounds how many categories a summary lists.
const maxSkippedBy = 50

func (s *Summary) count(out *parsed) {
	s.Read += int64(out.read)
	s.Rejected += int64(len(out.rejects))
	s.good += int64(len(out.records))
	s.MonthPrecision = s.MonthPrecision || out.month
	s.foreign = s.foreign || out.foreign
	for i := range out.rejects {
		if s.RejectedBy == nil {
			s.RejectedBy, s.first = map[string]int64{}, map[string]*Reject{}
		}
		reason := out.rejects[i].Reason
		if s.RejectedBy[reason]++; s.RejectedBy[reason] == 1 {
			s.first[reason] = &out.rejects[i]
		}
	}
	for _, category := range slices.Sorted(maps.Keys(out.skipped)) {
		n, shown := int64(out.skipped[category]), strings.Clone(clip(category)) // not a part of the chunk
		s.Skipped += n
		if s.SkippedBy == nil {
			s.SkippedBy = map[string]int64{}
		}
		if _, known := s.SkippedBy[shown]; known || len(s.SkippedBy) < maxSkippedBy {
			s.SkippedBy[shown] += n
		}
	}
}

// wrongFile returns an error when every row so far was rejected.
func (s *Summary) wrongFile(p *plan) error {
	if s.good > 0 || s.Skipped > 0 || s.Rejected == 0 {
		return nil
	}
	reason := byCount(s.RejectedBy)[0]
	first := s.first[reason]
	what := fmt.Sprintf("all of the first %d rows were rejected, %d of them", s.Read, s.RejectedBy[reason])
	if s.Read == 1 {
		what = "its only row was rejected"
	}
	return &WrongFileError{s.File, fmt.Sprintf("%s as %s (line %d: %s)", what, reason, first.Line, first.told()), hint(first, p)}
}

// told is what a message says of a reject.
func (r *Reject) told() string {
	switch {
	case r.Reason == ReasonNotAPoint:
		return r.Expect
	case r.Value == "":
		return fmt.Sprintf("%s is empty, expected %s", r.Field, r.Expect)
	}
	return fmt.Sprintf("%s %q, expected %s", r.Field, clip(r.Value), r.Expect)
}

// hint says what to do about a file of which every row fails like one does.
func hint(r *Reject, p *plan) string {
	if r.Field == "coordinates" {
		return hintLngFirst(r.Reason, p.format)
	}
	switch r.Reason {
	case ReasonNotAPoint:
		return "export one Point for each report, such as the centre of its shape"
	case ReasonOutOfRange:
		return "positions must be in degrees (WGS 84): convert eastings and northings first"
	case report.ReasonOutsideArea:
		return "if the places are right, pass --area world or --area=west,south,east,north (the area is " + p.rules.Area.String() + ")"
	case report.ReasonSwappedLatLng:
		return fmt.Sprintf("swap the columns: --column lat=%s --column lng=%s", p.names[fieldLng], p.names[fieldLat])
	case ReasonNoPosition, report.ReasonNotANumber:
		return "name the columns of the position with --column lat=... --column lng=..."
	case ReasonBadTime:
		if r.Expect == expectDate {
			return "write the dates as YYYY-MM-DD; only you know which number is the day"
		}
		return "name the column of the time with --column occurred_at=... and write its times as expected"
	case report.ReasonNoFactor, ReasonUnknownFactor:
		return "name the column of the reasons with --column factors=... and map its values with --factor 'Street Light Out=badly_lit'"
	case ReasonBadJSON:
		return "NDJSON needs one whole object on each line; a GeoJSON file must be a FeatureCollection"
	case ReasonColumns, ReasonQuotes:
		return "export it again as CSV with quotes around values that hold the separator"
	}
	return "see the rejects file for each row"
}

// hintLngFirst says what to do about the positions of GeoJSON, which no
// --column names.
func hintLngFirst(reason string, format Format) string {
	switch {
	case reason != report.ReasonSwappedLatLng:
		return "GeoJSON positions are [longitude, latitude]: export it again"
	case format == NDJSON:
		return "export it again, or turn the positions with jq -c '.geometry.coordinates |= [.[1],.[0]]'"
	}
	return "export it again, or turn the positions with jq '.features[].geometry.coordinates |= [.[1],.[0]]'"
}

// noteForeign says what becomes of times with an offset that is not the
// place's.
func noteForeign(p *plan) string {
	const asWritten = "times carry an offset and were taken as written; "
	if p.assumed != nil {
		return asWritten + "--timezone " + p.assumed.String() + " converts them"
	}
	return asWritten + "--timezone with the zone of the place, such as --timezone Europe/London, converts them"
}

// finish settles the figures and notes.
func (s *Summary) finish(p *plan, took time.Duration) {
	s.Seconds = took.Seconds()
	s.RowsPerSecond = perSecond(s.Read, took)
	if s.MonthPrecision {
		s.Notes = append(s.Notes, "some times are months only: they are stored as the first day of the month")
	}
	if s.foreign {
		s.Notes = append(s.Notes, noteForeign(p))
	}
	if s.good > 0 && p.note != "" {
		s.Notes = append(s.Notes, p.note)
	}
	if s.Read == 0 {
		s.Notes = append(s.Notes, "the file holds no rows")
	}
	if s.Read > 0 && s.Skipped == s.Read {
		s.Notes = append(s.Notes, "no row has a category that stands for a factor: map them with --factor, such as --factor '"+
			byCount(s.SkippedBy)[0]+"=other_environmental'")
	}
	if p.zone == nil && p.assumed == nil {
		s.Notes = append(s.Notes, "times without an offset tell no instant outside the United Kingdom: their darkness is unknown; pass --timezone to know it")
	}
}

// byCount returns the keys, the most frequent first.
func byCount(m map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
	})
}

// Add adds the counts of another file to a grand total.
func (s *Summary) Add(other Summary) {
	s.Read += other.Read
	s.Accepted += other.Accepted
	s.Duplicates += other.Duplicates
	s.Revised += other.Revised
	s.Skipped += other.Skipped
	s.Rejected += other.Rejected
	s.DryRun = s.DryRun || other.DryRun
}

// Line is the counts for people, on one line.
func (s Summary) Line() string {
	line := fmt.Sprintf("%d rows read, %d accepted, %d duplicates, %d revised, %d skipped, %d rejected",
		s.Read, s.Accepted, s.Duplicates, s.Revised, s.Skipped, s.Rejected)
	if s.DryRun {
		line += "; dry run: nothing was stored"
	}
	return line
}

// WriteTo writes the summary for people.
func (s Summary) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, s.String())
	return int64(n), err
}

// String is the summary for people, several lines long.
func (s Summary) String() string {
	var b strings.Builder
	kind := ""
	if s.DryRun {
		kind = ", dry run: nothing was stored"
	}
	fmt.Fprintf(&b, "%s (%s, %s) as source %q%s\n", s.File, s.Format, s.Preset, s.Source, kind)
	line := func(name string, n int64) { fmt.Fprintf(&b, "  %-11s %10d\n", name, n) }
	line("read", s.Read)
	line("accepted", s.Accepted)
	line("duplicates", s.Duplicates)
	if s.Revised > 0 {
		line("revised", s.Revised)
	}
	line("skipped", s.Skipped)
	line("rejected", s.Rejected)
	for _, reason := range byCount(s.RejectedBy) {
		fmt.Fprintf(&b, "    %-21s %6d\n", reason, s.RejectedBy[reason])
	}
	fmt.Fprintf(&b, "  %.2f s, %.0f rows/s\n", s.Seconds, s.RowsPerSecond)
	for _, note := range s.Notes {
		fmt.Fprintf(&b, "  note: %s\n", note)
	}
	return b.String()
}

var _ io.WriterTo = Summary{}
var _ fmt.Stringer = Summary{}
