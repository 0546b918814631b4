// Package lamps keeps where street lamps are and when they are switched off, to
// tell likely causes of places that people call badly lit: no lamp near, a lamp
// that is there and may be broken, or one that is off by policy at that hour.
package lamps

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Lamp is a street lamp.
type Lamp struct {
	ID       string
	Lat, Lng float64
	Kind     string // as the source names it; may be empty
	Off      Hours  // switched off by policy; zero for never
}

// Hours is a time of each night from one clock time to another, over midnight if
// the second is earlier.
type Hours struct {
	From, To time.Duration // since midnight
}

// IsZero reports whether the hours are none.
func (h Hours) IsZero() bool { return h == Hours{} }

// String writes them as 00:00-05:30.
func (h Hours) String() string {
	if h.IsZero() {
		return ""
	}
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60) }
	return clock(h.From) + "-" + clock(h.To)
}

// within is how much of the hours lies in a daypart.
func (h Hours) within(d report.Daypart) time.Duration {
	from, to, ok := d.Hours()
	if !ok || h.IsZero() {
		return 0
	}
	lo, hi := time.Duration(from)*time.Hour, time.Duration(to)*time.Hour
	overlap := func(a, b time.Duration) time.Duration { return max(0, min(b, hi)-max(a, lo)) }
	if h.From < h.To {
		return overlap(h.From, h.To)
	}
	return overlap(h.From, 24*time.Hour) + overlap(0, h.To)
}

// offShare is how much of a daypart lamps must be off for it to explain what
// happened in it: half, since a report does not say the hour.
const offShare = 3 * time.Hour

// OffIn reports whether a lamp is off for most of a daypart.
func (l *Lamp) OffIn(d report.Daypart) bool { return l.Off.within(d) >= offShare }

// MaxLamps is how many lamps an index takes: Great Britain has 7 million, and a
// county some hundred thousand.
const MaxLamps = 2_000_000

const (
	// bucketRes is the resolution by which lamps are found: a look at a cell and
	// its neighbours reaches 130 m at least.
	bucketRes = 10
	// coverRes is that of the cells in which lamps are taken as known: 0.7 square
	// kilometres. Where a cell and its neighbours hold no lamp at all, the file
	// does not reach, and that says nothing of the street.
	coverRes = 8
	// margin is how far from the edge of a cell a lamp still lights it.
	margin = 25 // metres
)

// Index finds lamps by place. It is never changed once it is made.
type Index struct {
	Source string
	lamps  []Lamp
	near   map[h3.Cell][]int32 // by cell of bucketRes
	cover  map[h3.Cell]struct{}
	hours  bool
}

// NewIndex makes an index of lamps, whose positions must be valid.
func NewIndex(list []Lamp) (*Index, error) {
	if len(list) == 0 || len(list) > MaxLamps {
		return nil, fmt.Errorf("%d lamps: expected 1 to %d", len(list), MaxLamps)
	}
	x := &Index{lamps: list, near: map[h3.Cell][]int32{}, cover: map[h3.Cell]struct{}{}}
	for i := range list {
		c, err := h3.LatLngToCell(h3.LatLng{Lat: list[i].Lat, Lng: list[i].Lng}, bucketRes)
		if err != nil {
			return nil, fmt.Errorf("lamp %s: %w", list[i].ID, err)
		}
		x.near[c] = append(x.near[c], int32(i))
		p, err := c.Parent(coverRes)
		if err != nil {
			return nil, fmt.Errorf("lamp %s: %w", list[i].ID, err)
		}
		x.cover[p] = struct{}{}
		x.hours = x.hours || !list[i].Off.IsZero()
	}
	return x, nil
}

// Len is how many lamps there are.
func (x *Index) Len() int { return len(x.lamps) }

// HasHours reports whether any lamp has switch-off hours.
func (x *Index) HasHours() bool { return x.hours }

// Cause is a likely reason why people call a place badly lit.
type Cause string

// The causes. They are guesses from where lamps are, never findings.
const (
	Unknown     Cause = "unknown"       // no lamps are known around here, or no report from the dark tells its hour
	NoLamp      Cause = "no_lamp"       // there is no lamp near
	LampThere   Cause = "lamp_there"    // there is: it may be broken, dim or behind a tree
	OffByPolicy Cause = "off_by_policy" // it is off by policy when most of the reports are from
)

// Site is what is known of the lamps of a cell.
type Site struct {
	Cause   Cause
	Lamps   int     // in the cell or within a few steps of its edge
	Nearest float64 // metres from the centre to the nearest lamp, -1 when none is within some hundred metres
	Off     int     // of Lamps, how many are off when most of the reports are from
	Hours   string  // switch-off hours of the first of these
}

// Look says what is known of the lamps of a cell of resolution 9 to 11, given
// how many reports from the dark it has in each daypart.
func (x *Index) Look(c h3.Cell, dark [report.NumDayparts]int64) (Site, error) {
	site := Site{Cause: Unknown, Nearest: -1}
	centre, err := c.LatLng()
	if err != nil {
		return site, fmt.Errorf("look at %s: %w", c, err)
	}
	covered, err := x.covers(centre)
	if err != nil || !covered {
		return site, err
	}
	around, err := x.around(c, centre)
	if err != nil {
		return site, err
	}
	reach, err := radius(c, centre)
	if err != nil {
		return site, err
	}
	reach += margin
	when, known := leading(dark)
	for _, i := range around {
		l := &x.lamps[i]
		d := metres(centre, h3.LatLng{Lat: l.Lat, Lng: l.Lng})
		if site.Nearest < 0 || d < site.Nearest {
			site.Nearest = d
		}
		if d > reach {
			continue
		}
		site.Lamps++
		if known && l.OffIn(when) {
			if site.Off++; site.Hours == "" {
				site.Hours = l.Off.String()
			}
		}
	}
	switch {
	case site.Lamps == 0:
		site.Cause = NoLamp
	case 2*site.Off >= site.Lamps && site.Off > 0:
		site.Cause = OffByPolicy
	default:
		site.Cause = LampThere
	}
	return site, nil
}

// leading is the daypart with most of the reports, and whether any is known.
func leading(dark [report.NumDayparts]int64) (when report.Daypart, known bool) {
	best := int64(0)
	for d := range report.UnknownDaypart {
		if dark[d] > best {
			when, best, known = d, dark[d], true
		}
	}
	return when, known
}

func (x *Index) covers(at h3.LatLng) (bool, error) {
	c, err := h3.LatLngToCell(at, coverRes)
	if err != nil {
		return false, fmt.Errorf("lamps around %v: %w", at, err)
	}
	disk, err := c.GridDisk(1)
	if err != nil {
		return false, fmt.Errorf("lamps around %v: %w", at, err)
	}
	for _, n := range disk {
		if _, ok := x.cover[n]; ok {
			return true, nil
		}
	}
	return false, nil
}

// around lists the lamps of a cell and some hundred metres around it.
func (x *Index) around(c h3.Cell, centre h3.LatLng) ([]int32, error) {
	steps := 1
	if c.Resolution() < bucketRes { // its edge is three steps of the finer grid away
		steps = 3
	}
	from, err := h3.LatLngToCell(centre, bucketRes)
	if err != nil {
		return nil, fmt.Errorf("lamps around %s: %w", c, err)
	}
	disk, err := from.GridDisk(steps)
	if err != nil {
		return nil, fmt.Errorf("lamps around %s: %w", c, err)
	}
	var out []int32
	for _, n := range disk {
		out = append(out, x.near[n]...)
	}
	return out, nil
}

// radius is the distance from the centre of a cell to its farthest corner.
func radius(c h3.Cell, centre h3.LatLng) (r float64, err error) {
	ring, err := c.Boundary()
	if err != nil {
		return 0, fmt.Errorf("boundary of %s: %w", c, err)
	}
	for _, p := range ring {
		r = max(r, metres(centre, p))
	}
	return r, nil
}

// metres is the distance of positions some hundred metres apart, on a plane that
// touches the earth there: good to a centimetre.
func metres(a, b h3.LatLng) float64 {
	const perDegree = 111_195 // of the mean sphere
	dy := (a.Lat - b.Lat) * perDegree
	dx := (a.Lng - b.Lng) * perDegree * math.Cos(a.Lat*math.Pi/180)
	return math.Hypot(dx, dy)
}

// BucketResolution is the resolution of the cells that In takes.
const BucketResolution = bucketRes

// In calls fn for each lamp in the cells, which are of BucketResolution, in the
// order of the cells and then of the file.
func (x *Index) In(cells []h3.Cell, fn func(*Lamp)) {
	for _, c := range cells {
		for _, i := range x.near[c] {
			fn(&x.lamps[i])
		}
	}
}

// KindCount is a kind of lamp as the source names it, and how many there are.
type KindCount struct {
	Kind  string `json:"kind"`
	Lamps int    `json:"lamps"`
}

// Kinds lists the kinds, the most frequent first.
func (x *Index) Kinds() []KindCount {
	counts := map[string]int{}
	for i := range x.lamps {
		counts[x.lamps[i].Kind]++
	}
	out := make([]KindCount, 0, len(counts))
	for k, n := range counts {
		out = append(out, KindCount{k, n})
	}
	slices.SortFunc(out, func(a, b KindCount) int { return cmp.Or(cmp.Compare(b.Lamps, a.Lamps), cmp.Compare(a.Kind, b.Kind)) })
	return out
}

// Bounds is a box around all lamps.
func (x *Index) Bounds() report.Box {
	b := report.Box{West: 180, South: 90, East: -180, North: -90}
	for i := range x.lamps {
		l := &x.lamps[i]
		b.West, b.South, b.East, b.North = min(b.West, l.Lng), min(b.South, l.Lat), max(b.East, l.Lng), max(b.North, l.Lat)
	}
	return b
}
