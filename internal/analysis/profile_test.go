package analysis_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/analysis"
	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
)

// The same figures by way of a body that holds the area's reports alone: they differ
// in the months listed only.
func TestDescribeArea_EqualsLoop(t *testing.T) {
	b := sample(t, 5, 2500)
	s := b.snapshot()
	f := report.Filter{Dark: 1<<report.DarkYes | 1<<report.DarkNo, From: 19050, To: 19700}
	box := report.Box{West: -0.25, South: 51.44, East: -0.185, North: 51.5}
	disk := diskOf(t, cellAt(t, 51.49, -0.2, 8), 3)
	for name, tt := range map[string]struct {
		region analysis.Region
		in     func(h3.Cell) bool // of resolution 8
	}{
		"everywhere": {analysis.Region{}, everywhere},
		"box":        {analysis.InBox(box), func(c h3.Cell) bool { ll := centre(t, c); return box.Contains(ll.Lat, ll.Lng) }},
		"cells":      {inCells(t, disk...), func(c h3.Cell) bool { return slices.Contains(disk, c) }},
	} {
		got, err := analysis.DescribeArea(s, analysis.ProfileQuery{Region: tt.region, Res: 8, Top: 3, Filter: f})
		if err != nil {
			t.Fatal(err)
		}
		alone := newBody(t)
		for _, r := range b.reports {
			if c, _ := r.Cell.Parent(8); tt.in(c) {
				alone.put(r, 1)
			}
		}
		want := alone.snapshot().Summary(cube.SummaryQuery{Area: report.Box{West: -180, South: -90, East: 180, North: 90}, Res: 8, Top: 3, Filter: f})
		a := got.Area
		if a.Total != want.Total || a.ByFactor != want.ByFactor || a.FacetFactors != want.FacetFactors || a.Matrix != want.Matrix || a.ByDark != want.ByDark || !slices.Equal(got.Top, want.Top) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		for list, months := range map[string][2][]cube.MonthCount{"months": {a.ByMonth, want.ByMonth}, "histogram": {a.Histogram, want.Histogram}} {
			notEmpty := func(m []cube.MonthCount) map[string]int64 {
				out := map[string]int64{}
				for _, c := range m {
					if c.Count > 0 {
						out[c.Month] = c.Count
					}
				}
				return out
			}
			if !reflect.DeepEqual(notEmpty(months[0]), notEmpty(months[1])) {
				t.Errorf("%s, %s: %v, want %v", name, list, months[0], months[1])
			}
		}
		whole := b.snapshot().Total(f)
		if got.Whole.Total != whole || got.Share != float64(want.Total)/float64(whole) {
			t.Errorf("%s: %d of %d, share %v", name, want.Total, got.Whole.Total, got.Share)
		}
		p := got.Factors[report.BadlyLit]
		if ratio := analysis.ShareRatio(p.Count, a.Total, p.Elsewhere, whole-a.Total); p.Count != want.ByFactor[report.BadlyLit] || p.Elsewhere != got.Whole.ByFactor[report.BadlyLit]-p.Count || ratio.Known() && p.Ratio != ratio {
			t.Errorf("%s: %+v, want %v", name, p, ratio)
		}
		if name == "everywhere" && (p.Verdict != analysis.NoHistory || p.Ratio.Known()) {
			t.Errorf("the whole against nothing: %+v", p)
		}
	}
}

func TestDescribeArea_Special(t *testing.T) {
	b := newBody(t)
	for n := range 12 {
		for i := range 60 {
			r := report.Report{Cell: cellAt(t, place(n).Lat, place(n).Lng, 11), Day: 19500 + report.Day(i), Dark: report.DarkNo, Factors: report.FactorSet(report.Isolated)}
			if i%3 == 0 {
				r.Factors, r.Dark = report.FactorSet(report.Rundown), report.DarkYes
			}
			if n == 4 && i%2 == 0 {
				r.Factors = r.Factors.With(report.BadlyLit)
			}
			b.put(r, 1)
		}
	}
	cell := cellAt(t, place(4).Lat, place(4).Lng, 8)
	got, err := analysis.DescribeArea(b.snapshot(), analysis.ProfileQuery{Region: inCells(t, cell), Res: 10, Top: 5})
	if err != nil {
		t.Fatal(err)
	}
	area, err := h3.CellAreaKm2(cell)
	if err != nil {
		t.Fatal(err)
	}
	for x, p := range got.Factors {
		want := analysis.NoChange
		switch report.Factor(x) {
		case report.BadlyLit:
			want = analysis.More
		case report.Isolated, report.Rundown:
		default:
			want = analysis.TooFew
		}
		if p.Verdict != want {
			t.Errorf("%s: %+v, want %s", report.Factor(x).ID(), p, want)
		}
	}
	if got.Dark.Share != 1.0/3 || got.Dark.Verdict != analysis.NoChange || got.Km2 != area || len(got.Top) != 1 || got.Top[0].Count != 60 {
		t.Errorf("%+v", got)
	}
	if _, err := analysis.DescribeArea(b.snapshot(), analysis.ProfileQuery{Res: 2}); err == nil {
		t.Error("no resolution: no error")
	}
	if _, err := analysis.DescribeArea(b.snapshot(), analysis.ProfileQuery{Res: 9, Region: inCells(t, cellAt(t, 51, 0, 12))}); err == nil {
		t.Error("cells finer than reports: no error")
	}
}

// Values of R 4.2.2 by the formulas of Katz et al. with a half added.
func TestShareRatio_ByHand(t *testing.T) {
	for _, v := range []struct {
		a, n, c, m           int64
		estimate, low, upper float64
	}{
		{12, 40, 300, 2000, 2.0547030669, 1.28088875687, 3.2959963701},
		{0, 15, 30, 100, 0.106292966684, 0.00684436314628, 1.65072988167},
	} {
		got := analysis.ShareRatio(v.a, v.n, v.c, v.m)
		if !near(got.Estimate, v.estimate, 1e-9) || !near(got.Low, v.low, 1e-9) || !near(got.High, v.upper, 1e-9) {
			t.Errorf("%+v: %+v", v, got)
		}
	}
	for _, v := range [][4]int64{{0, 0, 1, 2}, {1, 2, 0, 0}, {3, 2, 1, 2}, {-1, 2, 1, 2}} {
		if got := analysis.ShareRatio(v[0], v[1], v[2], v[3]); got.Known() {
			t.Errorf("%v: %+v", v, got)
		}
	}
	if got := analysis.ShareRatio(4, 4, 9, 9); got.Estimate != 1 || got.Low != 1 || got.High != 1 {
		t.Errorf("all of both: %+v", got)
	}
}
