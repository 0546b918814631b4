package cube_test

import (
	"testing"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestSnapshot_Exact(t *testing.T) {
	for _, tt := range []struct {
		name string
		by   *sampler
		n    int
	}{
		{"nothing", london(1), 0},
		{"one report", london(2), 1},
		{"few reports", london(3), 300},
		{"many reports", london(4), 8000},
		{"few days", func() *sampler { s := london(5); s.days = 2; return s }(), 8000},
		{"one place", func() *sampler { s := london(6); s.spread = 0.0005; return s }(), 5000},
		{"awkward places", func() *sampler { s := london(7); s.places = awkward(t); return s }(), 3000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rs := tt.by.reports(t, tt.n)
			oracle(rs).check(t, build(t, 1, rs), tt.by, 40)
		})
	}
}

// life applies random batches with retractions and hands each snapshot, with what
// must be in it, to look.
func life(t *testing.T, by *sampler, c *cube.Cube, all []report.Report, look func(*cube.Snapshot, oracle)) {
	for gen := uint64(2); gen < 14; gen++ {
		b := cube.Batch{Generation: gen, Add: by.reports(t, by.IntN(400))}
		all = append(all, b.Add...)
		for range by.IntN(200) {
			i := by.IntN(len(all))
			b.Retract = append(b.Retract, all[i])
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
		}
		s, err := c.Apply(b)
		if err != nil {
			t.Fatal(err)
		}
		look(s, all)
	}
}

func TestCube_Apply(t *testing.T) {
	for _, tt := range []struct {
		name                  string
		inlineRows, tierRatio int
	}{
		{"parts are never joined", 0, 0},
		{"parts are joined at once", 1 << 20, 1 << 20},
		{"small parts are joined, others merged", 500, 4},
		{"everything is merged", 0, 1 << 20},
		{"main parts are never merged", 100, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			by := london(11)
			if tt.inlineRows%4 == 0 {
				by.places = append(awkward(t), by.places...)
			}
			first := by.reports(t, 5000)
			c := cube.New(build(t, 1, first))
			cube.Tune(c, tt.inlineRows, tt.tierRatio)
			life(t, by, c, first, func(s *cube.Snapshot, all oracle) {
				all.check(t, s, by, 8)
				all.check(t, c.Current(), by, 4) // perhaps in the middle of a merge
			})
			s := c.Settled()
			t.Log(cube.Parts(s), "parts in", cube.Shards(s), "shards")
		})
	}
}

// While a merge moves the levels of a part, one by one, to another, nothing
// changes for those who ask.
func TestSnapshot_Unsettled(t *testing.T) {
	by := london(91)
	all := oracle(by.reports(t, 1500))
	all.check(t, cube.Unsettled(build(t, 1, all)), by, 40)
}
