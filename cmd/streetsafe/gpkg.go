package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"github.com/streetsafe/streetsafe/internal/geopackage"
	"github.com/streetsafe/streetsafe/internal/server"
)

// packageTime is how long a GeoPackage may take: a million cells need 20 seconds.
const packageTime = 5 * time.Minute

// writePackage is the server's server.PackageWriter: it keeps SQLite out of it.
func writePackage(w io.Writer, e *server.Export) error {
	ctx, cancel := context.WithTimeout(context.Background(), packageTime)
	defer cancel()
	var about []string
	for _, a := range e.About {
		about = append(about, a.Name+": "+a.Text)
	}
	l := geopackage.Layer{Name: e.Name, Title: "StreetSafe " + e.Name, Description: strings.Join(about, "\n"), Columns: append([]string{"count"}, e.Columns...), At: time.Now()}
	return geopackage.Write(ctx, w, l, func(add func(geopackage.Feature) error) error {
		for _, r := range e.Rows {
			ring, err := r.Cell.Boundary()
			if err != nil {
				return err
			}
			outline := make(orb.Ring, 0, len(ring)+1)
			for _, p := range ring {
				outline = append(outline, orb.Point{p.Lng, p.Lat})
			}
			f := geopackage.Feature{Key: r.Cell.String(), Outline: orb.MultiPolygon{{append(outline, outline[0])}}, Numbers: []int64{int64(r.Count)}}
			for _, n := range r.Columns {
				f.Numbers = append(f.Numbers, int64(n))
			}
			if err := add(f); err != nil {
				return err
			}
		}
		return nil
	})
}

var _ server.PackageWriter = writePackage
