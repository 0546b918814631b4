package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/google/uuid"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/synth"
)

// madeUp is an action of the demo. Days count back from the end of the made-up
// reports.
type madeUp struct {
	name        string // names the action for ever
	lat, lng    float64
	kind        action.Kind
	title, body string
	note, cy    string
	partners    string
	place       string
	steps       []madeUpStep
	works       [2]int // from and to, days before the end; zero for none
	// works that help: so many in a hundred of the reports that named the factor
	// afterwards no longer do
	factor report.Factor
	helps  int
}

type madeUpStep struct {
	status     action.Status
	ago        int // days before the end
	body, note string
}

const (
	croydonCouncil = "Croydon Council (demo)"
	metropolitan   = "Metropolitan Police (demo)"
)

// madeUpActions are the demo's: one of each status, and of the done ones some that
// helped, one that did not, and one of a place with too few reports to tell.
func madeUpActions() []madeUp {
	return []madeUp{
		{name: "lamps", lat: 51.3752, lng: -0.0929, kind: action.Lighting, title: "New lamps on the way to the station", body: croydonCouncil, place: "near East Croydon",
			note: "Fourteen lamps on the ways to the station were replaced by brighter ones.", cy: "Gosodwyd pedair ar ddeg o lampau mwy llachar ar y ffyrdd i’r orsaf.",
			partners: "Column numbers are with the contractor.",
			steps: []madeUpStep{{action.Seen, 470, metropolitan, "People say that the ways to the station are dark."},
				{action.Planned, 440, croydonCouncil, "Fourteen lamps will be replaced."}, {action.Done, 395, croydonCouncil, ""}},
			works: [2]int{420, 395}, factor: report.BadlyLit, helps: 60},
		{name: "hedges", lat: 51.3605, lng: -0.1925, kind: action.Vegetation, title: "Bushes cut back along the footpaths", body: "Sutton Council (demo)", place: "near Sutton",
			note:  "Bushes along the footpaths were cut back to waist height.",
			steps: []madeUpStep{{action.Seen, 450, "Sutton Council (demo)", ""}, {action.Planned, 430, "Sutton Council (demo)", "Before the birds nest."}, {action.Done, 400, "Sutton Council (demo)", ""}},
			works: [2]int{410, 400}, factor: report.RestrictedVisibility, helps: 50},
		{name: "cameras", lat: 51.4001, lng: 0.0170, kind: action.CCTV, title: "Two more cameras", body: "Bromley Council (demo)", place: "near Bromley South",
			note: "Two cameras look over the forecourt.", partners: "Recordings are kept for 30 days.",
			steps: []madeUpStep{{action.Planned, 420, "Bromley Council (demo)", ""}, {action.Done, 380, "Bromley Council (demo)", ""}}, works: [2]int{390, 380}},
		{name: "steps", lat: 51.3120, lng: 0.0330, kind: action.Repair, title: "Broken steps mended", body: "Bromley Council (demo)", place: "near Biggin Hill",
			steps: []madeUpStep{{action.Seen, 330, "Bromley Council (demo)", ""}, {action.Done, 300, "Bromley Council (demo)", ""}}},
		{name: "underpass", lat: 51.3728, lng: -0.1005, kind: action.Design, title: "The underpass will be opened up", body: croydonCouncil, place: "near Croydon Town Centre",
			note: "The walls at both ends will be lowered so that people can see through.", cy: "Caiff y waliau ar y ddau ben eu gostwng fel y gall pobl weld drwodd.",
			steps: []madeUpStep{{action.Seen, 90, metropolitan, ""}, {action.Planned, 30, croydonCouncil, "Work begins in spring."}}},
		{name: "patrols", lat: 51.3782, lng: -0.1022, kind: action.Patrol, title: "Officers on foot on Friday and Saturday nights", body: metropolitan, place: "near West Croydon",
			steps: []madeUpStep{{action.Planned, 20, metropolitan, "Every weekend until the end of the year."}}},
		{name: "bins", lat: 51.4183, lng: -0.0730, kind: action.Cleaning, body: "Bromley Council (demo)", place: "near Crystal Palace",
			steps: []madeUpStep{{action.Seen, 12, "Bromley Council (demo)", "We are looking at how often this street is cleaned."}}},
		{name: "wall", lat: 51.3800, lng: -0.0750, kind: action.Sightlines, title: "The wall stays", body: croydonCouncil, place: "near Addiscombe",
			steps: []madeUpStep{{action.Seen, 120, croydonCouncil, ""},
				{action.Declined, 60, croydonCouncil, "The wall is listed and may not be lowered. Two lamps will be added instead."}}},
	}
}

// cells are the place: a hexagon of 0.1 km2 and those around it.
func (m madeUp) cells() ([]h3.Cell, error) {
	c, err := h3.LatLngToCell(h3.LatLng{Lat: m.lat, Lng: m.lng}, 9)
	if err != nil {
		return nil, fmt.Errorf("demo action %s: %w", m.name, err)
	}
	return c.GridDisk(1)
}

// versions is the action as it grew, step by step.
func (m madeUp) versions(end report.Day) ([]action.Action, error) {
	cells, err := m.cells()
	if err != nil {
		return nil, err
	}
	a := action.Action{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte("streetsafe demo "+m.name)).String(), Kind: m.kind, Title: m.title, Body: m.body,
		Note: m.note, NoteCY: m.cy, PartnerNote: m.partners, Place: m.place, Cells: cells, Public: true, Synthetic: true}
	var out []action.Action
	for i, s := range m.steps {
		day := end - report.Day(s.ago)
		a.Steps = append(a.Steps[:i:i], action.Step{Status: s.status, Day: day, Body: s.body, Note: s.note, Recorded: day})
		if i == len(m.steps)-1 && m.works != [2]int{} {
			a.Works = action.Works{From: end - report.Day(m.works[0]), To: end - report.Day(m.works[1])}
		}
		a = a.Tidy()
		if err := a.Check(end); err != nil {
			return nil, fmt.Errorf("demo action %s: %w", m.name, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// seedActions records the demo's actions unless they are there. end is the day
// after the last made-up report.
func seedActions(ctx context.Context, st store.Store, end report.Day) error {
	for _, m := range madeUpActions() {
		versions, err := m.versions(end)
		if err != nil {
			return err
		}
		for i, a := range versions {
			body, err := a.Encode()
			if err != nil {
				return err
			}
			last := a.Steps[len(a.Steps)-1]
			change := "step " + string(last.Status)
			if i == 0 {
				change = "recorded"
			}
			at := last.Day.Time().Add(10 * time.Hour)
			v := store.ActionVersion{ID: a.ID, Number: i + 1, At: at, Who: "demo officer", Change: change, Body: body}
			_, err = st.AddActionVersion(ctx, v, store.AuditEntry{At: at, Who: v.Who, What: "action " + change, Cell: a.Cells[0].String(), Why: "made up for the demo"})
			if err != nil && !errors.Is(err, store.ErrExists) {
				return err
			}
		}
	}
	return nil
}

// helped changes made-up reports as if the demo's works had helped, so that before
// and after has something to show. How many reports there are stays the same: some
// give another reason.
type helped struct {
	works map[h3.Cell]madeUp // by cell of resolution 9
	end   report.Day
}

func newHelped(cfg synth.Config) (*helped, error) {
	h := &helped{works: map[h3.Cell]madeUp{}, end: cfg.To}
	for _, m := range madeUpActions() {
		cells, err := m.cells()
		if err != nil {
			return nil, err
		}
		for _, c := range cells {
			if m.helps > 0 {
				h.works[c] = m
			}
		}
	}
	return h, nil
}

func (h *helped) apply(batch []report.Record) {
	for i := range batch {
		r := &batch[i]
		at, err := r.Cell.Parent(9)
		if err != nil {
			continue // cannot be: reports have the finest resolution
		}
		m, ok := h.works[at]
		if !ok || r.Day < h.end-report.Day(m.works[1]) || !r.Factors.Has(m.factor) {
			continue
		}
		lot := fnv.New32a()
		_, _ = lot.Write([]byte(r.ExternalID)) // never fails
		if int(lot.Sum32()%100) >= m.helps {
			continue
		}
		if r.Factors &^= report.FactorSet(m.factor); r.Factors == 0 {
			r.Factors = report.FactorSet(report.OtherEnvironmental)
		}
	}
}
