package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
)

// stationRows reads the railway stations; the three-letter code becomes an
// alias, since officers use it.
func stationRows(work string) ([]row, error) {
	data, err := packed(work, stationsPackage, "stations.csv")
	if err != nil {
		return nil, err
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, err
	}
	nations := map[string]string{"england": "England", "wales": "Wales", "scotland": "Scotland",
		"northernIreland": "Northern Ireland", "northern_ireland": "Northern Ireland"}
	var rows []row
	for _, f := range records[1:] {
		r := row{name: f[0], kind: 's', aliases: f[3], admin: nations[f[5]]}
		if r.lat, r.lng, err = position(f[1], f[2]); err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}
