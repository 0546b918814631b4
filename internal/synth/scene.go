package synth

import (
	"math"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// scene is a kind of situation: it decides where, when and for which factors
// reports are made.
type scene uint8

const (
	nightlife   scene = iota // around bars and clubs, Friday and Saturday nights
	highStreet               // shops and squares by day
	commute                  // stations and the ways home, morning and evening
	lighting                 // failed or missing street lights along streets
	park                     // paths and greens: people by day, no light in the evening
	backstreet               // underpasses, alleys, estates
	residential              // everywhere else
	numScenes   = 7
)

// sceneFacts is what a scene is like. Weights are relative within their list.
type sceneFacts struct {
	share     float64                     // of the whole body
	weekdays  [report.NumWeekdays]float64 // Monday first
	winter    float64                     // change from midsummer to midwinter: 0 none, 1 double, -0.5 half
	hours     []hourWeight                // what a day looks like, before the weekday's night shift
	primary   []factorWeight              // the factor that made someone report
	extra     []factorWeight              // what else they ticked
	extras    [4]float64                  // chances of 0, 1, 2, 3 more
	litIfDark float64                     // chance that badly_lit is ticked when it was dark
	unknown   float64                     // chance that the time is not told
}

type hourWeight struct {
	from, to int // hours, half-open
	weight   float64
}

type factorWeight struct {
	factor report.Factor
	weight float64
}

var (
	flatWeek    = [7]float64{1, 1, 1, 1, 1, 1, 1}
	workWeek    = [7]float64{1.2, 1.2, 1.2, 1.2, 1.2, 0.6, 0.5}
	partyWeek   = [7]float64{0.4, 0.4, 0.5, 0.7, 1.8, 2.3, 1.3}
	shopWeek    = [7]float64{0.9, 0.9, 0.9, 1, 1.1, 1.5, 0.8}
	leisureWeek = [7]float64{0.9, 0.9, 0.9, 0.9, 1, 1.5, 1.5}
)

// facts describes every scene. The figures are invented for a believable map
// and come from no data set.
var facts = [numScenes]sceneFacts{
	nightlife: {
		share: 0.24, weekdays: partyWeek, winter: 0.1,
		hours: []hourWeight{{0, 2, 5}, {2, 4, 3}, {4, 6, 0.6}, {18, 20, 1.5}, {20, 22, 3.5}, {22, 24, 6}},
		primary: []factorWeight{{report.VerbalSingle, 30}, {report.VerbalGroup, 22}, {report.Followed, 20},
			{report.DrugsAlcohol, 18}, {report.OtherHarassment, 10}},
		extra: []factorWeight{{report.DrugsAlcohol, 30}, {report.VerbalGroup, 15}, {report.VerbalSingle, 12}, {report.Followed, 14},
			{report.NoCCTV, 8}, {report.OtherHarassment, 8}, {report.Isolated, 6}, {report.Rundown, 4}, {report.OtherEnvironmental, 3}},
		extras: [4]float64{30, 38, 22, 10}, litIfDark: 0.16, unknown: 0.06,
	},
	highStreet: {
		share: 0.15, weekdays: shopWeek, winter: 0.05,
		hours: []hourWeight{{7, 10, 1}, {10, 12, 2}, {12, 15, 4}, {15, 18, 5}, {18, 20, 3}, {20, 22, 1}},
		primary: []factorWeight{{report.VerbalSingle, 28}, {report.DrugsAlcohol, 26}, {report.VerbalGroup, 14}, {report.Rundown, 14},
			{report.OtherHarassment, 9}, {report.NoCCTV, 5}, {report.OtherEnvironmental, 4}},
		extra: []factorWeight{{report.DrugsAlcohol, 24}, {report.Rundown, 20}, {report.VerbalSingle, 12}, {report.VerbalGroup, 10},
			{report.NoCCTV, 10}, {report.PoorLayout, 6}, {report.OtherEnvironmental, 5}, {report.Followed, 4}},
		extras: [4]float64{46, 34, 15, 5}, litIfDark: 0.12, unknown: 0.1,
	},
	commute: {
		share: 0.15, weekdays: workWeek, winter: 0.45,
		hours: []hourWeight{{5, 7, 1.5}, {7, 9, 2}, {9, 16, 0.7}, {16, 18, 2.5}, {18, 21, 4}, {21, 24, 2.6}, {0, 1, 1}},
		primary: []factorWeight{{report.Followed, 28}, {report.VerbalSingle, 20}, {report.Isolated, 16}, {report.BadlyLit, 14},
			{report.RestrictedVisibility, 8}, {report.PoorLayout, 8}, {report.OtherHarassment, 6}},
		extra: []factorWeight{{report.Isolated, 24}, {report.NoCCTV, 18}, {report.PoorLayout, 14}, {report.RestrictedVisibility, 12},
			{report.Followed, 12}, {report.VerbalSingle, 8}, {report.DrugsAlcohol, 8}},
		extras: [4]float64{32, 38, 22, 8}, litIfDark: 0.4, unknown: 0.08,
	},
	lighting: {
		share: 0.19, weekdays: flatWeek, winter: 1.8,
		hours:   []hourWeight{{5, 7, 1.5}, {7, 16, 0.25}, {16, 18, 3}, {18, 21, 5}, {21, 24, 3}, {0, 2, 0.8}},
		primary: []factorWeight{{report.BadlyLit, 100}},
		extra: []factorWeight{{report.NoCCTV, 26}, {report.Isolated, 26}, {report.RestrictedVisibility, 22}, {report.PoorLayout, 12},
			{report.Rundown, 8}, {report.OtherEnvironmental, 6}},
		extras: [4]float64{58, 28, 11, 3}, litIfDark: 1, unknown: 0.25,
	},
	park: {
		share: 0.1, weekdays: leisureWeek, winter: -0.25,
		hours: []hourWeight{{6, 8, 1.4}, {8, 12, 1}, {12, 16, 2}, {16, 19, 3.5}, {19, 22, 3}, {22, 24, 0.8}},
		primary: []factorWeight{{report.Isolated, 24}, {report.DrugsAlcohol, 20}, {report.RestrictedVisibility, 16}, {report.Followed, 14},
			{report.VerbalSingle, 10}, {report.VerbalGroup, 10}, {report.BadlyLit, 6}},
		extra: []factorWeight{{report.RestrictedVisibility, 26}, {report.Isolated, 24}, {report.DrugsAlcohol, 16}, {report.NoCCTV, 12},
			{report.VerbalGroup, 8}, {report.Rundown, 6}, {report.Followed, 8}},
		extras: [4]float64{30, 40, 22, 8}, litIfDark: 0.6, unknown: 0.12,
	},
	backstreet: {
		share: 0.1, weekdays: flatWeek, winter: 0.35,
		hours: []hourWeight{{0, 3, 0.8}, {6, 12, 0.8}, {12, 17, 1.4}, {17, 20, 3}, {20, 24, 3}},
		primary: []factorWeight{{report.PoorLayout, 22}, {report.Rundown, 22}, {report.Isolated, 20}, {report.DrugsAlcohol, 18},
			{report.RestrictedVisibility, 10}, {report.NoCCTV, 8}},
		extra: []factorWeight{{report.Rundown, 20}, {report.NoCCTV, 18}, {report.Isolated, 16}, {report.PoorLayout, 16},
			{report.DrugsAlcohol, 14}, {report.RestrictedVisibility, 10}, {report.VerbalGroup, 6}},
		extras: [4]float64{22, 38, 28, 12}, litIfDark: 0.45, unknown: 0.18,
	},
	residential: {
		share: 0.07, weekdays: flatWeek, winter: 0.25,
		hours: []hourWeight{{6, 12, 1}, {12, 17, 1.2}, {17, 21, 2.4}, {21, 24, 1.4}, {0, 2, 0.5}},
		primary: []factorWeight{{report.Rundown, 24}, {report.OtherEnvironmental, 16}, {report.VerbalGroup, 14}, {report.Followed, 14},
			{report.RestrictedVisibility, 12}, {report.BadlyLit, 10}, {report.OtherHarassment, 10}},
		extra: []factorWeight{{report.Rundown, 20}, {report.NoCCTV, 20}, {report.RestrictedVisibility, 18}, {report.DrugsAlcohol, 16},
			{report.OtherEnvironmental, 10}, {report.VerbalSingle, 8}, {report.OtherHarassment, 8}},
		extras: [4]float64{48, 34, 14, 4}, litIfDark: 0.3, unknown: 0.2,
	},
}

// spot is a place where a report can happen, indexed once.
type spot struct {
	cell   h3.Cell
	region uint8
}

// sceneTables is a scene made ready for fast draws.
type sceneTables struct {
	spots          []spot
	hours          [report.NumWeekdays]byteTable
	primary, extra byteTable
	extras         byteTable
	litIfDark      uint8
	unknown        uint8
}

func newSceneTables(s scene) sceneTables {
	f := &facts[s]
	t := sceneTables{
		primary: factorTable(f.primary), extra: factorTable(f.extra), extras: newByteTable(f.extras[:]),
		litIfDark: chance(f.litIfDark), unknown: chance(f.unknown),
	}
	for day := range t.hours {
		t.hours[day] = f.hourTable(day)
	}
	return t
}

// hourTable spreads the hours of a weekday. The small hours belong to the
// evening before: after a busy evening they weigh more, on its own day less.
func (f *sceneFacts) hourTable(day int) byteTable {
	var w [24]float64
	before := f.weekdays[(day+6)%7]
	for _, h := range f.hours {
		for hour := h.from; hour < h.to; hour++ {
			w[hour] = h.weight * f.weekdays[day]
			if hour < 6 {
				w[hour] = h.weight * before
			}
		}
	}
	return newByteTable(w[:])
}

// sceneWeight is how many reports a scene makes on a day, relative to others.
func (f *sceneFacts) sceneWeight(d report.Day) float64 {
	return f.share * f.weekdays[d.Weekday()] * (1 + f.winter*darkSeason(d)) / (1 + f.winter/2)
}

func factorTable(ws []factorWeight) byteTable {
	var w [report.NumFactors]float64
	for _, x := range ws {
		w[x.factor] = x.weight
	}
	return newByteTable(w[:])
}

// chance turns a probability into a threshold for a random byte.
func chance(p float64) uint8 { return uint8(math.Round(p * 255)) }
