// Package geopackage writes layers of polygons as OGC GeoPackages, the files
// that QGIS and ArcGIS open by themselves: https://www.geopackage.org/spec131/
package geopackage

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver of the file format

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
)

const (
	applicationID = 0x47504B47 // GPKG
	userVersion   = 10301      // GeoPackage 1.3.1
	srsID         = 4326
)

// Layer is a table of polygons with whole numbers beside them.
type Layer struct {
	Name        string // of the table: letters, digits and underscores
	Title       string
	Description string
	Columns     []string // of Feature.Numbers; letters, digits and underscores
	At          time.Time
}

// Feature is a row of a layer.
type Feature struct {
	Key     string // the column "cell"
	Outline orb.MultiPolygon
	Numbers []int64
}

// Write writes a GeoPackage with one layer. The file is made in a temporary
// directory, since the format needs to seek, and copied to w whole; a w with a
// method Expect(int64) is told the number of bytes first. each calls its argument
// for every feature.
func Write(ctx context.Context, w io.Writer, l Layer, each func(func(Feature) error) error) (err error) {
	dir, err := os.MkdirTemp("", "streetsafe-gpkg-")
	if err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "layer.gpkg")
	if err := l.fill(ctx, path, each); err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	defer f.Close()
	if s, ok := w.(interface{ Expect(bytes int64) }); ok {
		info, err := f.Stat()
		if err != nil {
			return fmt.Errorf("write GeoPackage: %w", err)
		}
		s.Expect(info.Size())
	}
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	return nil
}

// The tables that every GeoPackage has, and their rows that the specification
// requires (clauses 1.1.2 and 2.1).
const schema = `
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
 organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
 ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]', 'longitude and latitude in degrees'),
 ('Undefined cartesian', -1, 'NONE', -1, 'undefined', 'undefined cartesian coordinates'),
 ('Undefined geographic', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinates');
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
 last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
 CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
 z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
 CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name), CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));`

func (l Layer) fill(ctx context.Context, path string, each func(func(Feature) error) error) (err error) {
	// The file is thrown away when anything fails, so it needs no journal.
	db, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=OFF&_synchronous=OFF")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, q := range []string{fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", userVersion), schema} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := l.rows(ctx, tx, each); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (l Layer) rows(ctx context.Context, tx *sql.Tx, each func(func(Feature) error) error) error {
	columns, marks := []string{"geom", "cell"}, "?, ?"
	create := fmt.Sprintf(`CREATE TABLE "%s" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON, cell TEXT NOT NULL`, l.Name)
	for _, c := range l.Columns {
		create += fmt.Sprintf(`, "%s" INTEGER NOT NULL`, c)
		columns, marks = append(columns, `"`+c+`"`), marks+", ?"
	}
	if _, err := tx.ExecContext(ctx, create+")"); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf(`INSERT INTO "%s" (%s) VALUES (%s)`, l.Name, strings.Join(columns, ", "), marks))
	if err != nil {
		return err
	}
	defer insert.Close()
	bound, any := orb.Bound{}, false
	err = each(func(f Feature) error {
		b := f.Outline.Bound()
		if bound = bound.Union(b); !any {
			bound, any = b, true
		}
		blob, err := geometry(f.Outline, b)
		if err != nil {
			return err
		}
		args := []interface{}{blob, f.Key}
		for _, n := range f.Numbers {
			args = append(args, n)
		}
		_, err = insert.ExecContext(ctx, args...)
		return err
	})
	if err != nil {
		return err
	}
	corners := []interface{}{bound.Left(), bound.Bottom(), bound.Right(), bound.Top()}
	if !any {
		corners = []interface{}{nil, nil, nil, nil}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?, ?)`,
		append([]interface{}{l.Name, l.Title, l.Description, l.At.UTC().Format("2006-01-02T15:04:05.000Z")}, append(corners, srsID)...)...); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)`, l.Name, srsID)
	return err
}

// geometry is a GeoPackageBinary (clause 2.1.3): a header with an envelope,
// little-endian, and well-known binary.
func geometry(g orb.MultiPolygon, b orb.Bound) ([]byte, error) {
	const flags = 1 | 1<<1 // little-endian, envelope of x and y
	out := []byte{'G', 'P', 0, flags}
	out = binary.LittleEndian.AppendUint32(out, srsID)
	for _, v := range []float64{b.Left(), b.Right(), b.Bottom(), b.Top()} {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	body, err := wkb.Marshal(g, binary.LittleEndian)
	if err != nil {
		return nil, err
	}
	return append(out, body...), nil
}
