// Package attack tries to learn from public releases what they must not tell:
// whether a certain person reported. It attacks the real way of making releases,
// which must hold, and broken ways, each of which must be caught: an attack that
// catches nothing would prove nothing.
package attack

import (
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

// Subject is a way of making releases, in the parts that an attack meets.
type Subject struct {
	Name   string
	Policy release.Policy

	// Count makes the true counts of a half-year.
	Count func(u *release.Universe, p release.Policy, h release.HalfYear, items []release.Item) *release.Truth
	// Noise freezes true counts. year holds the halves of the year that h ends,
	// and is empty when it ends none.
	Noise func(u *release.Universe, p release.Policy, key *release.Key, h release.HalfYear, truth *release.Truth, year []*release.Truth) release.Noisy
	// Open makes a site whose noise is fixed by seed, with its files in dir.
	Open func(s Subject, dir string, seed uint64) (Site, error)
}

// Site is an installation over its life.
type Site interface {
	// Receive takes reports.
	Receive(items []release.Item)
	// Freeze is the operator making the release, for the first time or again. What
	// it answers is for the operator; the public sees Read.
	Freeze() error
	// Read is a hash of everything public, as it is now.
	Read() (string, error)
	// Restart is the same installation after a restart.
	Restart() (Site, error)
	// Rebuilt says whether everything public comes from the frozen blocks alone.
	Rebuilt() error
}

// half is the half-year that attacks are about; it and the next make a year.
var half = release.HalfYear{Year: 2025, Half: 1}

// Real is the way that StreetSafe makes releases.
func Real() Subject {
	return Subject{Name: "StreetSafe", Policy: release.DefaultPolicy(), Count: count, Noise: noise, Open: openVault}
}

func count(u *release.Universe, p release.Policy, h release.HalfYear, items []release.Item) *release.Truth {
	t := release.NewTally(u, p, h)
	for _, it := range items {
		t.Add(it)
	}
	return t.Truth()
}

func noise(u *release.Universe, p release.Policy, key *release.Key, h release.HalfYear, truth *release.Truth, year []*release.Truth) release.Noisy {
	n := release.Noisy{L8: release.NoisyL8(u, p, key, h, truth), L6: release.NoisyL6(u, p, key, h, truth)}
	if len(year) > 0 {
		n.LF = release.NoisyLF(u, p, key, "2025", year...)
	}
	return n
}

// frozen makes a frozen release of a subject's noise.
func (s Subject) frozen(h release.HalfYear, n release.Noisy) release.Frozen {
	return release.Frozen{Half: h, Noisy: n, Commit: release.Commit{Policy: s.Policy, Release: h.String()}}
}

// universe has n cells of resolution 6 around London, each below another cell of
// resolution 5 and each a force of its own, so that one freeze is n independent
// games.
func universe(n int) (*release.Universe, error) {
	london, err := h3.LatLngToCell(h3.LatLng{Lat: 51.5, Lng: -0.1}, 5)
	if err != nil {
		return nil, err
	}
	ring := 0
	for 3*ring*(ring+1)+1 < n {
		ring++
	}
	coarse, err := london.GridDisk(ring)
	if err != nil {
		return nil, err
	}
	var parents []h3.Cell
	var forces []release.Force
	number := map[h3.Cell]int{}
	for i, c := range coarse[:n] {
		p, err := c.CenterChild(6)
		if err != nil {
			return nil, err
		}
		number[p] = i
		parents = append(parents, p)
		forces = append(forces, release.Force{ID: p.String(), Name: p.String()})
	}
	return release.NewUniverse(parents, forces, func(c h3.Cell) int {
		p, err := c.Parent(6)
		if err != nil {
			return -1
		}
		return number[p]
	})
}

// centre8 and sibling8 are two cells of resolution 8 below one of resolution 7,
// in the middle of a cell of resolution 6.
func centre8(parent h3.Cell) (centre, sibling h3.Cell, err error) {
	middle, err := parent.CenterChild(7)
	if err != nil {
		return 0, 0, err
	}
	children, err := middle.Children(8)
	if err != nil {
		return 0, 0, err
	}
	return children[0], children[1], nil
}

// reports makes n reports of one factor in a cell, on days of their own so that
// no cap touches them.
func reports(cell h3.Cell, first report.Day, n int) []release.Item {
	items := make([]release.Item, n)
	fine, err := cell.CenterChild(report.Resolution)
	if err != nil {
		return nil
	}
	for i := range items {
		d := first + report.Day(i)
		items[i] = release.Item{Report: report.Report{Cell: fine, Day: d, Factors: report.FactorSet(report.BadlyLit)}, Received: d, Weight: 1}
	}
	return items
}
