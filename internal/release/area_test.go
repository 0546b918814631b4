package release_test

import (
	"testing"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

func TestUniverse_ForceOf(t *testing.T) {
	u, err := release.DefaultUniverse()
	if err != nil {
		t.Fatal(err)
	}
	force := func(lat, lng float64) (release.Force, bool) {
		c, err := report.CellAt(lat, lng)
		if err != nil {
			t.Fatal(err)
		}
		return u.ForceOf(c)
	}
	croydon, ok1 := force(51.3762, -0.0982)
	kirkwall, ok2 := force(58.981, -2.96)
	if !ok1 || !ok2 || croydon == kirkwall || croydon.ID == "" || kirkwall.ID == "" {
		t.Errorf("Croydon is in %+v, Kirkwall in %+v", croydon, kirkwall)
	}
	if f, ok := force(0, 0); ok {
		t.Errorf("the Gulf of Guinea is in %+v", f)
	}
}
