package analysis

// Verdict is what a comparison comes to, in one word for programs. Pages word it in
// their language.
type Verdict string

// The verdicts. "More" and "fewer" are about reports, never about danger.
const (
	TooFew    Verdict = "too_few"    // too few reports to tell
	NoHistory Verdict = "no_history" // nothing to compare with: the records do not reach so far
	NoChange  Verdict = "no_change"  // no clear difference
	More      Verdict = "more"       // clearly more reports
	Fewer     Verdict = "fewer"      // clearly fewer reports
)

// judge draws the verdict from an interval alone.
func judge(r Ratio) Verdict {
	switch {
	case r.Low > 1:
		return More
	case r.High < 1:
		return Fewer
	case r.Wide():
		return TooFew
	}
	return NoChange
}
