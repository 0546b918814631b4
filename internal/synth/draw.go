package synth

import (
	"math/bits"

	"github.com/streetsafe/streetsafe/internal/report"
)

// maxFactors is how many factors one report names at most: the form sets no
// limit, but people tick few.
const maxFactors = 4

// unknownDark is the chance, in 256ths, that only the daypart is known.
const unknownDark = 8

// dayWeights says how busy a day is, in all and by scene.
type dayWeights struct {
	sum    float64
	scenes [numScenes]float64
}

// weights returns the weight of a day: season, weekday, a year's growth of use
// and some noise of its own.
func (b *Body) weights(d report.Day) (w dayWeights) {
	age := float64(d-b.cfg.From) / float64(b.cfg.To-b.cfg.From)
	noise := newStream(b.cfg.Seed, streamDayWeight, uint64(d)).between(0.85, 1.15)
	for s := range w.scenes {
		w.scenes[s] = facts[s].sceneWeight(d) * (0.8 + 0.4*age) * noise
		w.sum += w.scenes[s]
	}
	return w
}

// dayTables is what the draws of one day share.
type dayTables struct {
	day     report.Day
	weekday report.Weekday
	until   [numScenes]uint32 // cumulative weight in 65536ths
	sky     skyTable
}

func newDayTables(d report.Day, w dayWeights) *dayTables {
	t := &dayTables{day: d, weekday: d.Weekday(), sky: newSkyTable(d)}
	cumulative := 0.0
	for s, x := range w.scenes {
		cumulative += x
		t.until[s] = uint32(cumulative / w.sum * 65536)
	}
	t.until[numScenes-1] = 65536
	return t
}

// report draws one report from 128 random bits: 16 for the scene, 32 for the
// spot, then a byte for each further decision.
func (b *Body) report(rng stream, day *dayTables) report.Report {
	first, second := rng.bits(), rng.bits()
	s := 0
	for uint32(first&0xffff) >= day.until[s] {
		s++
	}
	sc := &b.scenes[s]
	at, _ := bits.Mul64(first&0xffffffff0000<<16, uint64(len(sc.spots)))
	spot := &sc.spots[at]
	hour := sc.hours[day.weekday][uint8(first>>48)]
	minute := int16(hour)*60 + int16(uint16(uint8(first>>56))*60>>8)

	r := report.Report{Cell: spot.cell, Day: day.day, Daypart: report.DaypartAt(int(hour)), Dark: day.sky.at(spot.region, minute)}
	switch {
	case uint8(second>>56) < sc.unknown:
		r.Daypart, r.Dark = report.UnknownDaypart, report.DarkUnknown
	case uint8(second>>48) < unknownDark:
		r.Dark = report.DarkUnknown
	}
	r.Factors = sc.factors(second, r.Dark)
	return r
}

// factors draws a set of one to four factors that go together. Darkness itself
// is named only when it was dark, except by those who report a lamp.
func (sc *sceneTables) factors(random uint64, dark report.Dark) report.Factors {
	set := report.Factors(0).With(report.Factor(sc.primary[uint8(random)]))
	n := sc.extras[uint8(random>>8)]
	for i := range n {
		set = set.With(report.Factor(sc.extra[uint8(random>>(16+8*i))]))
	}
	lit := report.Factors(0).With(report.BadlyLit)
	switch {
	case dark == report.DarkYes && uint8(random>>40) < sc.litIfDark && set.Len() < maxFactors:
		set |= lit
	case dark == report.DarkNo && sc.litIfDark < 255 && set&lit != 0:
		set = set&^lit | report.Factors(0).With(report.Factor(sc.extra[uint8(random>>16)]))
	}
	return set
}
