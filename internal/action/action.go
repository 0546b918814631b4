// Package action is the vocabulary of what was done about a place: who has seen
// what people said, what is planned, what was done, or why it was not. Officers
// and planners write it; nothing in it is counted from reports.
package action

import (
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// PublicResolution is the finest resolution at which the public sees where
// something was done: that of the public releases.
const PublicResolution = 8

// Status is how far an action has come.
type Status string

// The statuses, in the order in which they usually follow.
const (
	Seen     Status = "seen"     // somebody responsible has read what people said
	Planned  Status = "planned"  // it will be done
	Done     Status = "done"     // it was done
	Declined Status = "declined" // it will not be done; the step's note says why
)

// Statuses lists all statuses in their order.
func Statuses() []Status { return []Status{Seen, Planned, Done, Declined} }

// Kind is what sort of thing is done.
type Kind string

// The kinds.
const (
	Lighting   Kind = "lighting"
	Vegetation Kind = "vegetation"
	Sightlines Kind = "sightlines"
	CCTV       Kind = "cctv"
	Patrol     Kind = "patrol"
	Cleaning   Kind = "cleaning"
	Repair     Kind = "repair"
	Design     Kind = "design"
	Licensing  Kind = "licensing"
	Transport  Kind = "transport"
	Other      Kind = "other"
)

// Kinds lists all kinds in the order of forms.
func Kinds() []Kind {
	return []Kind{Lighting, Vegetation, Sightlines, CCTV, Patrol, Cleaning, Repair, Design, Licensing, Transport, Other}
}

// Factors are the reasons to feel unsafe that a kind of action is meant to do
// something about; none for kinds that are about all of them.
func (k Kind) Factors() report.Factors {
	switch k {
	case Lighting:
		return report.FactorSet(report.BadlyLit)
	case Vegetation:
		return report.FactorSet(report.RestrictedVisibility)
	case Sightlines:
		return report.FactorSet(report.PoorLayout, report.RestrictedVisibility)
	case CCTV:
		return report.FactorSet(report.NoCCTV)
	case Cleaning, Repair:
		return report.FactorSet(report.Rundown)
	case Design:
		return report.FactorSet(report.Isolated, report.PoorLayout)
	case Licensing:
		return report.FactorSet(report.DrugsAlcohol)
	}
	return 0
}

// Step is one dated thing that happened with an action.
type Step struct {
	Status   Status
	Day      report.Day // on which it happened
	Body     string     // who: a council, a force, a railway
	Note     string     // for the public, in English
	NoteCY   string     // the same in Welsh; "" for none
	Recorded report.Day // on which it was written down, or last reworded
}

// Works is the time in which a place is changed, from the first day to the day
// after the last. Reports of these days tell neither of before nor of after.
type Works struct{ From, To report.Day }

// IsZero reports whether no time was given.
func (w Works) IsZero() bool { return w == Works{} }

// Action is one thing done, or not done, about a place. Check says what holds.
type Action struct {
	ID          string // UUID, random
	Kind        Kind
	Title       string // for the public; "" for the label of the kind
	Body        string // who answers for it
	Note        string // for the public, in English
	NoteCY      string // the same in Welsh; "" for none
	PartnerNote string // for officers and planners; never published
	Place       string // where, in words that the public may read
	Cells       []h3.Cell
	Steps       []Step // oldest first
	Works       Works
	Public      bool // the public may see it
	Synthetic   bool // made up, and labelled wherever it is shown
}

// Status is that of the last step.
func (a Action) Status() Status {
	if len(a.Steps) == 0 {
		return ""
	}
	return a.Steps[len(a.Steps)-1].Status
}

// When is the time that a comparison of before and after leaves out: that of the
// works, or else the day of the last step that says it was done. ok is false as
// long as it is not done.
func (a Action) When() (w Works, ok bool) {
	if a.Status() != Done {
		return Works{}, false
	}
	if !a.Works.IsZero() {
		return a.Works, true
	}
	day := a.Steps[len(a.Steps)-1].Day
	return Works{day, day + 1}, true
}
