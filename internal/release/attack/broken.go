package attack

import (
	"math"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

// Broken lists ways of making releases that look reasonable and are not. Each
// must be caught by some attack.
func Broken() []Subject {
	return []Subject{
		freshNoise(), silentEmpty(), sameKeyAgain(), coarseFromCoordinates(), distinctDays(),
		boundedNoise(), floatNoise(), thresholdAtFloor(), roundingOnly(),
	}
}

func broken(name string) Subject {
	s := Real()
	s.Name, s.Open = name, openMemory
	return s
}

// freshNoise draws noise for each request: averaging many answers gives the
// true count.
func freshNoise() Subject {
	s := broken("fresh noise for each request")
	s.Open = func(s Subject, dir string, seed uint64) (Site, error) {
		site, err := openMemory(s, dir, seed)
		site.(*memorySite).fresh = true
		return site, err
	}
	return s
}

// sameKeyAgain counts again under the same noise when somebody reports late: the
// difference of two releases is that report.
func sameKeyAgain() Subject {
	s := broken("rebuild with the same key")
	s.Open = func(s Subject, dir string, seed uint64) (Site, error) {
		site, err := openMemory(s, dir, seed)
		site.(*memorySite).again = true
		return site, err
	}
	return s
}

// mapNoise changes the values of the real noise where change says so.
func mapNoise(s Subject, change func(truth int32, noisy int64, draw uint64) int64) Subject {
	s.Noise = func(u *release.Universe, p release.Policy, key *release.Key, h release.HalfYear, truth *release.Truth, year []*release.Truth) release.Noisy {
		n := noise(u, p, key, h, truth, year)
		state := uint64(key[0]) | uint64(key[1])<<8 | uint64(key[2])<<16 | uint64(key[3])<<24 | uint64(key[4])<<32
		for i := range n.L8.Values {
			state += 0x9e3779b97f4a7c15
			n.L8.Values[i] = change(truth.L8[i], n.L8.Values[i], spread(state))
		}
		return n
	}
	return s
}

func spread(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// silentEmpty puts noise only where there is something: the first report of a
// place is seen for certain.
func silentEmpty() Subject {
	return mapNoise(broken("no noise on empty blocks"), func(truth int32, noisy int64, _ uint64) int64 {
		if truth == 0 {
			return 0
		}
		return noisy
	})
}

// boundedNoise cuts the tails off: a value further away than the bound rules a
// true count out for certain.
func boundedNoise() Subject {
	const bound = 8
	return mapNoise(broken("bounded noise"), func(truth int32, noisy int64, _ uint64) int64 {
		t := int64(truth)
		return min(max(noisy, t-bound), t+bound)
	})
}

// floatNoise is what most code does: the logarithm of a uniform floating-point
// number, rounded. Its distribution is another one, and its bits tell more.
func floatNoise() Subject {
	return mapNoise(broken("floating-point noise"), func(truth int32, _ int64, draw uint64) int64 {
		u := float64(draw>>11)/(1<<53) - 0.5
		x := -math.Copysign(1/0.6, u) * math.Log(1-2*math.Abs(u))
		return int64(truth) + int64(math.Round(x))
	})
}

// coarseFromCoordinates indexes the position anew for each resolution: near
// edges the coarse cell is not the ancestor of the fine one, and comparing both
// says where in the cell the report was.
func coarseFromCoordinates() Subject {
	s := broken("coarse cells from coordinates")
	s.Count = func(u *release.Universe, p release.Policy, h release.HalfYear, items []release.Item) *release.Truth {
		truth := count(u, p, h, items)
		moved := make([]release.Item, 0, len(items))
		for _, it := range items {
			at, err1 := it.Cell.LatLng()
			coarse, err2 := h3.LatLngToCell(at, 6)
			if err1 != nil || err2 != nil {
				continue
			}
			if it.Cell, err1 = coarse.CenterChild(report.Resolution); err1 == nil {
				moved = append(moved, it)
			}
		}
		truth.L6 = count(u, p, h, moved).L6
		return truth
	}
	return s
}

// distinctDays counts a cell only when reports came on five different days: the
// fifth makes five appear at once, so its sender is seen.
func distinctDays() Subject {
	s := broken("a gate of five distinct days")
	s.Count = func(u *release.Universe, p release.Policy, h release.HalfYear, items []release.Item) *release.Truth {
		days := map[int]map[report.Day]bool{}
		for _, it := range items {
			if slot, ok := u.Slot(it.Cell); ok {
				if days[slot] == nil {
					days[slot] = map[report.Day]bool{}
				}
				days[slot][it.Received] = true
			}
		}
		var open []release.Item
		for _, it := range items {
			if slot, ok := u.Slot(it.Cell); ok && len(days[slot]) >= 5 {
				open = append(open, it)
			}
		}
		return count(u, p, h, open)
	}
	return s
}

// thresholdAtFloor shows a number as soon as the floor is reached.
func thresholdAtFloor() Subject {
	s := broken("threshold equal to the floor")
	at := release.CellThresholds{Res8: 5, Res7: 5, Res6: 5, Res6Two: 5, Res6One: 5, Res5: 5, Res5Two: 5, Res5One: 5}
	s.Policy.ShownFrom = release.Thresholds{HalfYear: at, TwelveMonths: at, ForceYearFactor: 5}
	return s
}

// roundingOnly suppresses small numbers and rounds the others, as health
// statistics long did.
func roundingOnly() Subject {
	s := mapNoise(broken("rounding without noise"), func(truth int32, _ int64, _ uint64) int64 { return int64(truth) })
	t := thresholdAtFloor()
	s.Policy = t.Policy
	return s
}
