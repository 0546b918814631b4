package geopackage_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"github.com/streetsafe/streetsafe/internal/geopackage"
)

func square(x, y float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y + 1}, {x, y}}}}
}

func write(t *testing.T, features ...geopackage.Feature) *sql.DB {
	t.Helper()
	var out bytes.Buffer
	l := geopackage.Layer{Name: "reports", Title: "Reports", Description: "filter: none", Columns: []string{"count", "badly_lit"}, At: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)}
	err := geopackage.Write(context.Background(), &out, l, func(add func(geopackage.Feature) error) error {
		for _, f := range features {
			if err := add(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// The application id stands at byte 68 of the file, where programs look for it.
	if !bytes.HasPrefix(out.Bytes(), []byte("SQLite format 3\x00")) || string(out.Bytes()[68:72]) != "GPKG" {
		t.Fatalf("no GeoPackage: %q", out.Bytes()[:72])
	}
	path := filepath.Join(t.TempDir(), "x.gpkg")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestWrite(t *testing.T) {
	db := write(t, geopackage.Feature{Key: "a", Outline: square(0, 51), Numbers: []int64{5, 2}}, geopackage.Feature{Key: "b", Outline: square(-3, 53), Numbers: []int64{7, 0}})
	var blob []byte
	var count, lit int
	if err := db.QueryRow(`SELECT geom, count, badly_lit FROM reports WHERE cell = 'b'`).Scan(&blob, &count, &lit); err != nil {
		t.Fatal(err)
	}
	if count != 7 || lit != 0 || string(blob[:2]) != "GP" || binary.LittleEndian.Uint32(blob[4:]) != 4326 {
		t.Errorf("%d, %d, header %x", count, lit, blob[:8])
	}
	g, err := wkb.Unmarshal(blob[40:])
	if err != nil || !orb.Equal(g, square(-3, 53)) {
		t.Errorf("geometry %v, %v", g, err)
	}
	var about string
	var box [4]float64
	err = db.QueryRow(`SELECT description, min_x, min_y, max_x, max_y FROM gpkg_contents JOIN gpkg_geometry_columns USING (table_name)
		WHERE table_name = 'reports' AND geometry_type_name = 'MULTIPOLYGON'`).Scan(&about, &box[0], &box[1], &box[2], &box[3])
	if err != nil || about != "filter: none" || box != [4]float64{-3, 51, 1, 54} {
		t.Errorf("%q, %v, %v", about, box, err)
	}
	var sound string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("%q, %v", sound, err)
	}
}

func TestWrite_empty(t *testing.T) {
	var rows int
	var left sql.NullFloat64
	if err := write(t).QueryRow(`SELECT (SELECT count(*) FROM reports), min_x FROM gpkg_contents`).Scan(&rows, &left); err != nil || rows != 0 || left.Valid {
		t.Errorf("%d rows, %v, %v", rows, left, err)
	}
}

func TestWrite_failure(t *testing.T) {
	broken := errors.New("broken")
	var out bytes.Buffer
	err := geopackage.Write(context.Background(), &out, geopackage.Layer{Name: "reports"}, func(func(geopackage.Feature) error) error { return broken })
	if !errors.Is(err, broken) || out.Len() > 0 {
		t.Errorf("%v, %d bytes written", err, out.Len())
	}
}
