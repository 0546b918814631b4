package release

import (
	"encoding/json"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/report"
)

// metadataSuffix makes the name under which a reader of CSV on the Web looks for
// the description of a table: https://www.w3.org/TR/tabular-data-model/, 5.3.
const metadataSuffix = "-metadata.json"

// csvwTable is a table described in the W3C's Metadata Vocabulary for Tabular
// Data: https://www.w3.org/TR/tabular-metadata/.
type csvwTable struct {
	Context     [2]any      `json:"@context"`
	URL         string      `json:"url"`
	Title       string      `json:"dc:title"`
	Description string      `json:"dc:description"`
	Issued      string      `json:"dc:issued"`
	Dialect     csvwDialect `json:"dialect"`
	Schema      csvwSchema  `json:"tableSchema"`
}

type csvwDialect struct {
	Encoding    string   `json:"encoding"`
	Header      bool     `json:"header"`
	Terminators []string `json:"lineTerminators"`
}

type csvwSchema struct {
	Columns    []csvwColumn `json:"columns"`
	PrimaryKey []string     `json:"primaryKey"`
}

type csvwColumn struct {
	Name        string       `json:"name"`
	Titles      string       `json:"titles"`
	Description string       `json:"dc:description"`
	Datatype    csvwDatatype `json:"datatype"`
	Required    bool         `json:"required"`
}

type csvwDatatype struct {
	Base    string `json:"base"`
	Format  string `json:"format,omitempty"`
	Minimum string `json:"minimum,omitempty"`
	Maximum string `json:"maximum,omitempty"`
}

// col is a column that every row fills.
func col(name, about string, t csvwDatatype) csvwColumn {
	return csvwColumn{Name: name, Titles: name, Description: about, Datatype: t, Required: true}
}

// least is the smallest number that is shown from a threshold on. A threshold
// that is no multiple of the rounding may round down.
func (p Policy) least(threshold int) int {
	return int(rounder(p.Rounding).shown(int64(threshold), threshold, true))
}

func number(least int) csvwDatatype {
	return csvwDatatype{Base: "integer", Minimum: fmt.Sprint(least)}
}

func cellsMetadata(d Dataset) ([]byte, error) {
	t := d.Policy.ShownFrom.HalfYear
	if d.Kind == KindTwelveMonths {
		t = d.Policy.ShownFrom.TwelveMonths
	}
	columns := []csvwColumn{
		col("resolution", "Resolution of the H3 grid: 8 is about 0.7 km2, 7 about 5, 6 about 36, 5 about 250.",
			csvwDatatype{Base: "integer", Minimum: fmt.Sprint(coarsestRes), Maximum: fmt.Sprint(finestRes)}),
		col("cell", "H3 index of the hexagon, in hexadecimal.", csvwDatatype{Base: "string", Format: "[0-9a-f]{15}"}),
		col("lat", "Latitude of its centre, WGS 84, in degrees.", csvwDatatype{Base: "decimal", Minimum: "-90", Maximum: "90"}),
		col("lng", "Longitude of its centre, WGS 84, in degrees.", csvwDatatype{Base: "decimal", Minimum: "-180", Maximum: "180"}),
		col("count", "About how many reports, noisy and rounded.", number(d.Policy.least(min(t.Res8, t.Res7, t.Res6, t.Res5)))),
	}
	for _, s := range subsets[1:] {
		c := col(s.name, "About how many "+s.label+". Resolutions 6 and 5 only; nothing where it is not shown, which is not zero.",
			number(d.Policy.least(min(t.Res6One, t.Res6Two, t.Res5One, t.Res5Two))))
		c.Required = false
		columns = append(columns, c)
	}
	return d.table("cells.csv", "Hexagons", columns, "cell")
}

func forcesMetadata(d Dataset) ([]byte, error) {
	var ids string
	for f := range report.NumFactors {
		if f > 0 {
			ids += "|"
		}
		ids += report.Factor(f).ID()
	}
	return d.table("forces.csv", "Police forces by factor", []csvwColumn{
		col("year", "Calendar year of receipt.", csvwDatatype{Base: "gYear"}),
		col("force_id", "Code of the police force or area, as in the boundaries.", csvwDatatype{Base: "string"}),
		col("force", "Its name.", csvwDatatype{Base: "string"}),
		col("factor", "Reason to feel unsafe, as a word for programs.", csvwDatatype{Base: "string", Format: ids}),
		col("factor_label", "The same in the words of the report form.", csvwDatatype{Base: "string"}),
		col("count", "About how many reports named it, noisy and rounded. A row that is not there is not zero.",
			number(d.Policy.least(d.Policy.ShownFrom.ForceYearFactor))),
	}, "year", "force_id", "factor")
}

func (d Dataset) table(file, title string, columns []csvwColumn, key ...string) ([]byte, error) {
	columns = append(columns, col("synthetic", "Whether the reports are made up.", csvwDatatype{Base: "boolean", Format: "true|false"}))
	b, err := json.MarshalIndent(csvwTable{
		Context: [2]any{"http://www.w3.org/ns/csvw", map[string]string{"@language": "en"}},
		URL:     file, Title: d.title() + ": " + title, Description: absence, Issued: d.FrozenOn,
		Dialect: csvwDialect{Encoding: "utf-8", Header: true, Terminators: []string{"\r\n"}},
		Schema:  csvwSchema{Columns: columns, PrimaryKey: key},
	}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", file, err)
	}
	return append(b, '\n'), nil
}

// title names a release, and says so when its reports are made up.
func (d Dataset) title() string { return titleOf(d.ID, d.Synthetic) }

func titleOf(id string, synthetic bool) string {
	title := "StreetSafe " + id
	if synthetic {
		title += " (made-up reports)"
	}
	return title
}
