package cube_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

func TestSnapshot_Empty(t *testing.T) {
	for name, s := range map[string]*cube.Snapshot{"zero value": {}, "built": build(t, 4, nil), "of a cube": cube.New(nil).Current()} {
		t.Run(name, func(t *testing.T) {
			if first, last := s.Days(); s.Len() != 0 || first != 0 || last != 0 {
				t.Errorf("%d reports from %d to %d", s.Len(), first, last)
			}
			if b, ok := s.Bounds(); ok {
				t.Errorf("bounds %v", b)
			}
			if g := s.TileGeneration(tiles.Tile{}); g != 0 {
				t.Errorf("generation %d of the whole world", g)
			}
			if got, want := s.Breaks(9, report.Filter{}), tiles.Breaks(nil); !slices.Equal(got, want) {
				t.Errorf("breaks %v, want %v", got, want)
			}
		})
	}
}

// The ends of blocks of rows, and a body that fills its last block.
func TestSnapshot_BlockEdges(t *testing.T) {
	for _, n := range []int{63, 64, 65, 511, 512, 513, 1024, 1025} {
		by := london(uint64(n))
		by.places, by.spread = by.places[:1], 0.0001
		all := oracle(by.reports(t, n))
		all.check(t, build(t, 1, all), by, 30)
	}
}

func TestSnapshot_Bounds(t *testing.T) {
	s := build(t, 1, london(71).reports(t, 500))
	b, ok := s.Bounds()
	if !ok || b.West < -3 || b.East > 0.5 || b.South < 51 || b.North > 54 || b.West > -2 || b.North < 53 {
		t.Errorf("bounds %v, %v", b, ok)
	}
	by := london(72)
	by.places = awkward(t)
	if b, _ := build(t, 1, by.reports(t, 500)).Bounds(); b.West < -180 || b.East > 180 || b.South < -90 || b.North > 90 {
		t.Errorf("bounds %v are not of this world", b)
	}
}

func TestSnapshot_Days(t *testing.T) {
	by := london(73)
	rs := by.reports(t, 3)
	rs[0].Day, rs[1].Day, rs[2].Day = report.MinDay, 20000, report.MaxDay
	c := cube.New(build(t, 1, rs))
	for i, want := range [][2]report.Day{{report.MinDay, report.MaxDay}, {20000, report.MaxDay}, {20000, 20000}, {0, 0}} {
		if first, last := c.Current().Days(); first != want[0] || last != want[1] {
			t.Errorf("days %v to %v, want %v", first, last, want)
		}
		if i < 3 {
			if _, err := c.Apply(cube.Batch{Generation: uint64(2 + i), Retract: []report.Report{rs[[]int{0, 2, 1}[i]]}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSnapshot_Breaks(t *testing.T) {
	by := london(74)
	all := oracle(by.reports(t, 4000))
	s := build(t, 1, all)
	for range 30 {
		res, f := 3+by.IntN(9), by.filter()
		var counts []uint32
		for _, c := range all.cells(res, f) {
			counts = append(counts, c.count)
		}
		if got, want := s.Breaks(res, f), tiles.Breaks(counts); !slices.Equal(got, want) {
			t.Errorf("resolution %d, %+v: breaks %v, want %v", res, f, got, want)
		}
	}
}

// Questions about what does not exist have an empty answer.
func TestSnapshot_Nowhere(t *testing.T) {
	by := london(75)
	all := oracle(by.reports(t, 200))
	s := build(t, 1, all)
	here := all[0].Cell
	var dst cube.Selection
	for _, q := range []cube.Query{
		{Tile: tiles.Tile{Z: 23}, Res: 9}, {Tile: tiles.Tile{Z: 1, X: 2}, Res: 9}, {Res: 2}, {Res: 12}, {Res: -1},
		{Res: 9, Filter: report.Filter{Weekdays: 1 << 7}},
		{Res: 9, Filter: report.Filter{From: 20000, To: 20000}},
		{Res: 9, Filter: report.Filter{From: 20000, To: 19000}},
		{Res: 9, Filter: report.Filter{From: report.MaxDay + 1, To: report.MaxDay + 2}},
	} {
		if s.Select(q, &dst); dst.Len() != 0 {
			t.Errorf("%+v: %d cells", q, dst.Len())
		}
	}
	for _, c := range []h3.Cell{0, parent(here, 2), here + 1, all[0].Cell &^ (0xF << 52)} {
		if f := s.Cell(c, report.Filter{}); f.Total != 0 {
			t.Errorf("cell %s has %d reports", c, f.Total)
		}
	}
	world := report.Box{West: -180, South: -90, East: 180, North: 90}
	for _, q := range []cube.SummaryQuery{
		{Area: world, Res: 12}, {Area: world, Res: 2}, {Area: report.Box{West: 10, South: 10, East: 11, North: 11}, Res: 9},
		{Area: world, Res: 9, Filter: report.Filter{Dark: 1 << 7}},
	} {
		if sum := s.Summary(q); sum.Total != 0 || sum.Cells != 0 || len(sum.Top) != 0 {
			t.Errorf("%+v: %d reports in %d cells", q, sum.Total, sum.Cells)
		}
	}
}

func TestBuilder_Refuses(t *testing.T) {
	good := london(76).report(t)
	for _, tt := range []struct {
		name   string
		change func(*report.Report)
		want   string
	}{
		{"coarse cell", func(r *report.Report) { r.Cell = parent(r.Cell, 10) }, "not a cell of resolution 11"},
		{"no cell", func(r *report.Report) { r.Cell = 0 }, "not a cell of resolution 11"},
		{"cell with a wrong digit", func(r *report.Report) { r.Cell |= 7 << 12 }, "is not a cell"},
		{"day too early", func(r *report.Report) { r.Day = report.MinDay - 1 }, "out of range"},
		{"day too late", func(r *report.Report) { r.Day = report.MaxDay + 1 }, "out of range"},
		{"no factor", func(r *report.Report) { r.Factors = 0 }, "factors 0x0"},
		{"unknown factor", func(r *report.Report) { r.Factors = 1 << 12 }, "factors 0x1000"},
		{"unknown daypart", func(r *report.Report) { r.Daypart = report.NumDayparts }, "daypart 5"},
		{"unknown darkness", func(r *report.Report) { r.Dark = report.NumDark }, "dark 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := good
			tt.change(&bad)
			for _, batch := range []cube.Batch{{Generation: 2, Add: []report.Report{bad}}, {Generation: 2, Retract: []report.Report{bad}}} {
				b := cube.NewBuilder()
				err := b.Add(batch)
				if err == nil {
					_, err = b.Snapshot(2)
				}
				if err == nil || len(batch.Add) > 0 && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("building: error %v, want one with %q", err, tt.want)
				}
				c := cube.New(build(t, 1, []report.Report{good}))
				before := c.Current()
				if _, err := c.Apply(batch); err == nil || len(batch.Add) > 0 && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("applying: error %v, want one with %q", err, tt.want)
				}
				if c.Current() != before {
					t.Error("a refused batch has left traces")
				}
			}
		})
	}
}

func TestCube_Refuses(t *testing.T) {
	by := london(77)
	rs := by.reports(t, 100)
	c := cube.New(build(t, 5, rs))
	before := c.Current()
	stranger := rs[0]
	stranger.Day++
	for _, tt := range []struct {
		name  string
		batch cube.Batch
	}{
		{"old generation", cube.Batch{Generation: 4}},
		{"same generation", cube.Batch{Generation: 5}},
		{"retraction of what is not there", cube.Batch{Generation: 6, Add: rs[:50], Retract: []report.Report{stranger}}},
		{"retraction of the same twice", cube.Batch{Generation: 6, Retract: []report.Report{rs[0], rs[0]}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := c.Apply(tt.batch); err == nil {
				t.Error("no error")
			}
			if c.Current() != before {
				t.Error("a refused batch has left traces")
			}
		})
	}
	t.Run("retraction while building", func(t *testing.T) {
		b := cube.NewBuilder()
		if err := b.Add(cube.Batch{Generation: 6, Add: rs, Retract: []report.Report{stranger}}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Snapshot(6); err == nil {
			t.Error("no error")
		}
	})
}

func TestCube_Replace(t *testing.T) {
	by := london(78)
	first := by.reports(t, 3000)
	c := cube.New(build(t, 5, first))
	cube.Tune(c, 0, 1<<20) // each batch starts a merge
	if _, err := c.Apply(cube.Batch{Generation: 6, Add: by.reports(t, 500)}); err != nil {
		t.Fatal(err)
	}
	old := c.Current()
	if err := c.Replace(build(t, 5, first)); err == nil || c.Current().Generation() != 6 {
		t.Errorf("an older snapshot: error %v, generation %d", err, c.Current().Generation())
	}
	all := oracle(by.reports(t, 2000))
	if err := c.Replace(build(t, 9, all)); err != nil {
		t.Fatal(err)
	}
	all.check(t, c.Current(), by, 8)
	more := by.reports(t, 300)
	s, err := c.Apply(cube.Batch{Generation: 10, Add: more, Retract: all[:10]})
	if err != nil {
		t.Fatal(err)
	}
	oracle(append(slices.Clone(all[10:]), more...)).check(t, s, by, 8)
	oracle(append(slices.Clone(all[10:]), more...)).check(t, c.Settled(), by, 8)
	if old.Generation() != 6 {
		t.Error("who had the old snapshot has another")
	}
}
