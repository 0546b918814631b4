package cube_test

import (
	"reflect"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// The figures of cells together are the sum of their own, and all cells of one
// resolution together are those of everything.
func TestSnapshot_Cells(t *testing.T) {
	by := london(60)
	rs := by.reports(t, 3000)
	snap := build(t, 1, rs)
	f := report.Filter{Factors: report.FactorSet(report.BadlyLit, report.Followed), Dayparts: 1<<report.Night | 1<<report.Evening}
	for _, res := range []int{3, 8, 11} {
		seen := map[h3.Cell]bool{}
		var cells []h3.Cell
		var total int64
		for _, r := range rs {
			c, err := r.Cell.Parent(res)
			if err != nil {
				t.Fatal(err)
			}
			if !seen[c] {
				seen[c] = true
				cells = append(cells, c)
				total += snap.Cell(c, f).Total
			}
		}
		all := snap.Cells(cells, f)
		if all.Total != total || all.Total != snap.Total(f) {
			t.Errorf("resolution %d: %d, one by one %d, of everything %d", res, all.Total, total, snap.Total(f))
		}
		if one := snap.Cells(cells[:1], f); !reflect.DeepEqual(one, snap.Cell(cells[0], f)) {
			t.Errorf("resolution %d: one cell %+v, want %+v", res, one, snap.Cell(cells[0], f))
		}
	}
	if none := snap.Cells([]h3.Cell{0, 1}, f); none.Total != 0 {
		t.Errorf("no cells: %d", none.Total)
	}
}
