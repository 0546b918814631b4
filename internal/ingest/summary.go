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

	good  int64 // rows that were read without fault
	first *Reject
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
	for i := range out.rejects {
		if s.RejectedBy == nil {
			s.RejectedBy, s.first = map[string]int64{}, &out.rejects[i]
		}
		s.RejectedBy[out.rejects[i].Reason]++
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
	return &WrongFileError{s.File,
		fmt.Sprintf("all of the first %d rows were rejected, %d of them as %s (line %d: %s %q, expected %s)",
			s.Read, s.RejectedBy[reason], reason, s.first.Line, s.first.Field, clip(s.first.Value), s.first.Expect),
		hint(reason, p)}
}

// hint says what to do about a file that fails for a reason.
func hint(reason string, p *plan) string {
	switch reason {
	case report.ReasonOutsideArea:
		return "if the places are right, pass --area world or --area=west,south,east,north (the area is " + p.rules.Area.String() + ")"
	case report.ReasonSwappedLatLng:
		return fmt.Sprintf("swap the columns: --column lat=%s --column lng=%s", p.names[fieldLng], p.names[fieldLat])
	case ReasonNoPosition, report.ReasonNotANumber:
		return "name the columns of the position with --column lat=... --column lng=..."
	case ReasonBadTime:
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

// finish settles the figures and notes.
func (s *Summary) finish(p *plan, took time.Duration) {
	s.Seconds = took.Seconds()
	s.RowsPerSecond = perSecond(s.Read, took)
	if s.MonthPrecision {
		s.Notes = append(s.Notes, "some times are months only: they are stored as the first day of the month")
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
