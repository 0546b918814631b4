package access

import (
	"fmt"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Surface is what is asked for.
type Surface uint8

// The surfaces.
const (
	SurfaceMap      Surface = iota // tiles, TileJSON and scale
	SurfaceFigures                 // totals and breakdowns of an area or a cell, tables
	SurfacePlaces                  // search for places
	SurfaceExport                  // files to take away; a reason is needed
	SurfaceReports                 // single reports; a reason is needed
	SurfaceOwn                     // one's own account
	SurfaceAccounts                // everybody's accounts
	SurfaceAudit                   // the audit log
	SurfaceActions                 // what was done about places, with the notes for partners
	SurfaceRecord                  // writing that down
	SurfaceReview                  // counts of held back reports, which may be let go or dropped
)

// Ask is what somebody wants to see.
type Ask struct {
	Surface Surface
	Filter  report.Filter
	Res     int       // finest resolution asked for; with 0 the coarsest will do
	Cell    h3.Cell   // one cell, 0 for none
	Cells   []h3.Cell // of an action to be written, at any resolution
	Why     string    // reason, for surfaces that need one
	Today   report.Day
}

// Grant is what they get: the question as it may be answered.
type Grant struct {
	Filter  report.Filter  // narrowed; canonical
	columns report.Factors // see ColumnsAt
	MaxRes  int            // finest resolution to answer at
	Region  *Region        // count only what lies in it; nil for everywhere
	// Grouped says that only what Floor leaves may be shown: each count is a sum
	// over half-years and cells of FloorResolution that have at least Floor
	// reports each, whatever the window and the resolution of the answer, so
	// that no subtraction of answers brings the small ones back.
	Grouped bool
	Floor   int64
	open    report.Day // when the half-year under way began, if Grouped
	Scope   string     // part of every cache key; "" for what officers without bounds see
	Tag     string     // the same in eight digits, for URLs
	Limits  []string   // what was narrowed, in plain words
	Audit   bool       // must be written to the audit log before it is answered
}

// What planners see of behavioural factors, by the table of tiers.
const (
	FloorResolution  = 8
	behaviouralFloor = 5
	planner10        = 10 // environmental factors
	plannerLit       = 11 // badly_lit alone: which street lamp
)

// fullScope is the scope that gets everything: its cache keys and URLs stay as
// they are.
const fullScope = "officer@" + National

// RefusalKind tells refusals apart that lead to different answers.
type RefusalKind uint8

// The kinds of refusal.
const (
	SignIn    RefusalKind = iota // nobody is logged in
	Forbidden                    // whoever is logged in may not have it
	NoReason                     // a reason is missing
)

// Refusal is why something is not shown. It is an error.
type Refusal struct {
	Kind   RefusalKind
	Reason string // plain words for people
}

func (r *Refusal) Error() string { return r.Reason }

func refuse(reason string) (Grant, error) { return Grant{}, &Refusal{Forbidden, reason} }

// Decide is the policy: the one place that says who may see what, by the table
// of tiers. The error is a *Refusal. It is a pure function.
func Decide(who *Identity, ask Ask) (Grant, error) {
	if who.Role == Nobody {
		return Grant{}, &Refusal{SignIn, "Log in to see this, or send an API token."}
	}
	if who.Token && !ask.Surface.allowedTo(who.Scopes) {
		return refuse("This API token does not cover what was asked. Make one with the scope for it in your account.")
	}
	switch ask.Surface {
	case SurfaceOwn:
		if who.Account == 0 {
			return refuse("There is no account here: this is the demo.")
		}
		return Grant{}, nil
	case SurfaceAccounts, SurfaceAudit:
		if who.Role != Admin {
			return refuse("Only administrators manage accounts and read the audit log.")
		}
		return Grant{}, nil
	case SurfaceReview:
		if who.Role != Admin && (who.Role != Officer || who.Area != National) {
			return refuse("Reports that are held back are looked after by administrators, and by officers who are bound to no area.")
		}
		return Grant{}, nil
	case SurfacePlaces:
		return Grant{}, nil
	}
	return decideData(who, ask)
}

func (s Surface) allowedTo(scopes Scopes) bool {
	switch s {
	case SurfaceMap:
		return scopes&ScopeTiles != 0
	case SurfaceFigures, SurfacePlaces, SurfaceActions:
		return scopes&ScopeFigures != 0
	case SurfaceExport:
		return scopes&ScopeExport != 0
	default: // a program sees no single report and manages no account
		return false
	}
}

func decideData(who *Identity, ask Ask) (Grant, error) {
	switch {
	case who.Role == Admin:
		return refuse("Administrators manage accounts and read the audit log. The map needs the account of an officer or a planner.")
	case who.Role == Public:
		return refuse("The public sees only the frozen releases, not the live map.")
	case who.Role == Planner && ask.Surface == SurfaceReports:
		return refuse("Single reports are shown to officers only.")
	case who.Unbound:
		return refuse("The boundary of your area (" + who.Area + ") is not loaded, so nothing can be shown yet. Ask an administrator to load it.")
	}
	g := Grant{Filter: ask.Filter.Canonical(), columns: report.AllFactors, MaxRes: report.Resolution, Region: who.Region,
		Scope: who.scope, Tag: who.tag}
	if g.Scope == fullScope {
		g.Scope = ""
	}
	if ask.Surface == SurfaceActions || ask.Surface == SurfaceRecord {
		return g.settle(ask) // nothing in them is counted
	}
	if who.Role == Planner {
		if err := g.narrowForPlanner(ask); err != nil {
			return Grant{}, err
		}
	}
	return g.settle(ask)
}

// settle checks what depends on the narrowed question.
func (g Grant) settle(ask Ask) (Grant, error) {
	if ask.Cell != 0 {
		if res := ask.Cell.Resolution(); res > g.MaxRes {
			return refuse(fmt.Sprintf("This is shown in cells of resolution %d and coarser, and the cell asked for is of %d.", g.MaxRes, res))
		}
		if g.Region != nil && !g.Region.Meets(ask.Cell) {
			return refuse("This cell is outside your area.")
		}
	}
	if g.Region != nil {
		for _, c := range ask.Cells {
			if !g.Region.Covers(c) {
				return refuse("Part of this place is outside your area: hexagon " + c.String() + ". Choose a place inside it.")
			}
		}
	}
	if ask.Surface == SurfaceExport || ask.Surface == SurfaceReports {
		if reasonMissing(ask.Why) {
			return Grant{}, &Refusal{NoReason, "Say why you need this: a reason of at least " + fmt.Sprint(minReason) + " letters goes into the audit log."}
		}
		g.Audit = true
	}
	return g, nil
}

// narrowForPlanner is the planner's column of the table. Environmental factors
// come under any filter; behavioural ones only as one group, coarsely. A
// question about both would give the behavioural ones away by subtraction.
func (g *Grant) narrowForPlanner(ask Ask) error {
	behavioural := g.Filter.Factors & report.BehaviouralFactors
	switch {
	case g.Filter.Factors == 0:
		g.Filter.Factors = report.EnvironmentalFactors
		g.Limits = append(g.Limits, "Planners see environmental factors; behavioural ones as one group.")
		fallthrough
	case behavioural == 0:
		g.columns, g.MaxRes = report.EnvironmentalFactors, planner10
		if g.Filter.Factors == report.FactorSet(report.BadlyLit) {
			g.MaxRes = plannerLit
		}
		if ask.Res > g.MaxRes {
			g.Limits = append(g.Limits, fmt.Sprintf("Shown at resolution %d: only badly lit places alone are shown at %d.", g.MaxRes, plannerLit))
		}
		return nil
	case behavioural != g.Filter.Factors:
		return &Refusal{Forbidden, "Ask for environmental and for behavioural factors separately: together they would give away the few behavioural reports of a place."}
	case behavioural != report.BehaviouralFactors:
		return &Refusal{Forbidden, "Planners see the behavioural factors as one group: choose all four of them."}
	}
	return g.narrowBehavioural(ask)
}

func (g *Grant) narrowBehavioural(ask Ask) error {
	if g.Filter.Dayparts != 0 || g.Filter.Weekdays != 0 || g.Filter.Dark != 0 {
		return &Refusal{Forbidden, "Planners see behavioural factors by half-year only: leave out the time of day, the days of the week and darkness."}
	}
	open := halfYearStart(ask.Today)
	if !g.Filter.HasWindow() {
		g.Filter.From, g.Filter.To = report.MinDay, open
	}
	if g.Filter.To > report.MaxDay { // the window has no end
		g.Filter.To = open
	}
	if halfYearStart(g.Filter.From) != g.Filter.From || halfYearStart(g.Filter.To) != g.Filter.To || g.Filter.To > open || g.Filter.From >= g.Filter.To {
		return &Refusal{Forbidden, fmt.Sprintf("Planners see behavioural factors by whole half-years that are over: begin on 1 January or 1 July and end on one of these days, at the latest %s.", open)}
	}
	g.columns, g.MaxRes, g.Grouped, g.Floor, g.open = 0, FloorResolution, true, behaviouralFloor, open
	g.Limits = append(g.Limits, fmt.Sprintf("Behavioural factors as one group: places and half-years with %d reports or more, until %s, at resolution %d and coarser.", behaviouralFloor, open, FloorResolution))
	return nil
}

// halfYearStart is the 1 January or 1 July on or before a day.
func halfYearStart(d report.Day) report.Day {
	y, m, _ := d.Time().Date()
	first := time.January
	if m >= time.July {
		first = time.July
	}
	return report.DayOf(time.Date(y, first, 1, 0, 0, 0, 0, time.UTC))
}

// HalfYears splits the window of a grouped grant into its half-years, the
// earliest first, leaving out those that end before first.
func (g *Grant) HalfYears(first report.Day) []report.Filter {
	return g.halfYears(max(g.Filter.From, halfYearStart(max(first, report.MinDay))), g.Filter.To)
}

// AllHalfYears are all half-years from first on that a grouped grant may be
// asked for, whatever its window.
func (g *Grant) AllHalfYears(first report.Day) []report.Filter {
	return g.halfYears(halfYearStart(max(first, report.MinDay)), g.open)
}

func (g *Grant) halfYears(from, to report.Day) []report.Filter {
	var out []report.Filter
	for from < to {
		next := halfYearStart(from + 190) // longer than any half-year, shorter than two
		f := g.Filter
		f.From, f.To = from, next
		out = append(out, f)
		from = next
	}
	return out
}

// ColumnsAt are the factors that may be told apart at a resolution, as columns
// of a tile or lines of a breakdown.
func (g *Grant) ColumnsAt(res int) report.Factors {
	if g.columns == report.EnvironmentalFactors && res > planner10 {
		return report.FactorSet(report.BadlyLit)
	}
	return g.columns
}

// ClampRes returns the resolution to answer at when res is asked for.
func (g *Grant) ClampRes(res int) int { return min(res, g.MaxRes) }

// minReason is how many letters a reason has at least: enough that "x" is none.
const minReason = 5

// CheckReason refuses what is no reason for the audit log. Its error is an
// *InputError.
func CheckReason(why string) error {
	if reasonMissing(why) || store.ValidateReason(why) != nil {
		return &InputError{fmt.Sprintf("say why, in at least %d letters: it goes into the audit log", minReason)}
	}
	return nil
}

func reasonMissing(why string) bool {
	letters := 0
	for _, c := range why {
		if c > ' ' {
			letters++
		}
	}
	return letters < minReason
}

// May lists what somebody may do, for pages that show or hide controls. It asks
// Decide, so that a page never promises what the policy refuses.
func May(who *Identity, today report.Day) []string {
	out := []string{}
	for _, c := range []struct {
		name string
		ask  Ask
	}{
		{"map", Ask{Surface: SurfaceMap}},
		{"figures", Ask{Surface: SurfaceFigures}},
		{"behavioural", Ask{Surface: SurfaceMap, Filter: report.Filter{Factors: report.FactorSet(report.Followed)}}},
		{"behavioural-group", Ask{Surface: SurfaceMap, Filter: report.Filter{Factors: report.BehaviouralFactors}}},
		{"places", Ask{Surface: SurfacePlaces}},
		{"export", Ask{Surface: SurfaceExport, Why: "what may be done"}},
		{"reports", Ask{Surface: SurfaceReports, Why: "what may be done"}},
		{"actions", Ask{Surface: SurfaceActions}},
		{"record", Ask{Surface: SurfaceRecord}},
		{"account", Ask{Surface: SurfaceOwn}},
		{"accounts", Ask{Surface: SurfaceAccounts}},
		{"audit", Ask{Surface: SurfaceAudit}},
		{"review", Ask{Surface: SurfaceReview}},
	} {
		c.ask.Today = today
		if _, err := Decide(who, c.ask); err == nil {
			out = append(out, c.name)
		}
	}
	return out
}
