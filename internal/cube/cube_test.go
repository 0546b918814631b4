package cube_test

import (
	"testing"

	"github.com/streetsafe/streetsafe/internal/cube"
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
		{"many reports", london(4), 20000},
		{"few days", func() *sampler { s := london(5); s.days = 2; return s }(), 20000},
		{"one place", func() *sampler { s := london(6); s.spread = 0.0005; return s }(), 5000},
		{"awkward places", func() *sampler { s := london(7); s.places = awkward(t); return s }(), 3000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rs := tt.by.reports(t, tt.n)
			oracle(rs).check(t, build(t, 1, rs), tt.by, 60)
		})
	}
}

func TestCube_Apply(t *testing.T) {
	by := london(11)
	all := by.reports(t, 5000)
	c := cube.New(build(t, 1, all))
	for gen := uint64(2); gen < 12; gen++ {
		b := cube.Batch{Generation: gen, Add: by.reports(t, by.IntN(400))}
		all = append(all, b.Add...)
		for range by.IntN(100) {
			i := by.IntN(len(all))
			b.Retract = append(b.Retract, all[i])
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
		}
		s, err := c.Apply(b)
		if err != nil {
			t.Fatal(err)
		}
		oracle(all).check(t, s, by, 12)
	}
}
