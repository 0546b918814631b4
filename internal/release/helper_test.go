package release_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

var (
	h1    = release.HalfYear{Year: 2025, Half: 1}
	h2    = release.HalfYear{Year: 2025, Half: 2}
	today = report.DayOf(h2.To().Time().AddDate(0, 0, 60))
)

// croydon is a universe of seven cells of resolution 6 around Croydon, in two
// forces that a line through its middle divides.
func croydon(t testing.TB) *release.Universe {
	t.Helper()
	centre := cellAt(t, 51.376, -0.098, 6)
	parents, err := centre.GridDisk(1)
	if err != nil {
		t.Fatal(err)
	}
	u, err := release.NewUniverse(parents, []release.Force{{ID: "west", Name: "West, with a comma"}, {ID: "east", Name: "=East"}}, func(c h3.Cell) int {
		at, err := c.LatLng()
		if err == nil && at.Lng > -0.098 {
			return 1
		}
		return 0
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func cellAt(t testing.TB, lat, lng float64, res int) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lng}, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// items makes n reports of the year 2025, crowded in the middle of the universe
// and with some outside of it.
func items(t testing.TB, n int, seed uint64) []release.Item {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	list := make([]release.Item, n)
	for i := range list {
		c, err := report.CellAt(51.376+0.05*r.NormFloat64(), -0.098+0.08*r.NormFloat64())
		if err != nil {
			t.Fatal(err)
		}
		d := h1.From() + report.Day(r.IntN(365))
		f := report.FactorSet(report.Factor(r.IntN(12)), report.Factor(r.IntN(12)))
		if r.IntN(5) == 0 {
			f |= report.Factors(r.IntN(1 << 12))
		}
		list[i] = release.Item{Report: report.Report{Cell: c, Day: d, Daypart: report.Daypart(r.IntN(5)), Factors: f}, Received: d, Weight: 1}
	}
	return list
}

// body is a Source of a fixed list.
type body []release.Item

func (b body) Items(_ context.Context, from, to report.Day, fn func(release.Item) error) error {
	for _, it := range b {
		if it.Received < from || it.Received >= to {
			continue
		}
		if err := fn(it); err != nil {
			return err
		}
	}
	return nil
}

// builder builds in a temporary directory under the test key.
func builder(t testing.TB, dir string, src release.Source, change func(*release.Options)) *release.Builder {
	t.Helper()
	o := release.Options{VaultDir: dir + "/vault", PublicDir: dir + "/public", Universe: croydon(t), Source: src, Today: today,
		Key: release.TestKey(1), Testing: true, Synthetic: true}
	if change != nil {
		change(&o)
	}
	b, err := release.NewBuilder(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tree reads all files below a directory.
func tree(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
