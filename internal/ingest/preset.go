package ingest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streetsafe/streetsafe/internal/report"
)

// The canonical columns, in the order of the fields.
const (
	fieldID = iota
	fieldLat
	fieldLng
	fieldTime
	fieldFactors
	numFields = 5
)

var fieldNames = [numFields]string{"external_id", "lat", "lng", "occurred_at", "factors"}

const canonicalHeader = "external_id,lat,lng,occurred_at,factors"

// CanonicalPreset is the preset of the canonical columns.
const CanonicalPreset = "canonical"

// Preset knows one kind of file. Its fields are for reading only.
type Preset struct {
	Name  string
	Title string // what the files are, for lists

	columns    [numFields]string         // headers; "" is none
	aliases    [numFields][]string       // other headers for the same
	also       []string                  // more headers that tell the files from others
	categories map[string]report.Factors // lower-case category -> factors; nil: the column holds factor identifiers
	timezone   string                    // of times without an offset; "" is none
	timeLayout string                    // Go layout; "" is what parseMoment reads
	repeatsIDs bool                      // an identifier can stand for several rows
	box        *report.Box               // where all its positions lie; nil: anywhere
	note       string                    // for the summary, when categories are mapped in a way that not everybody expects
}

// Presets lists the known kinds of files; those told by more headers come
// first. The slice is the caller's.
func Presets() []Preset {
	lit := report.FactorSet(report.BadlyLit)
	return []Preset{
		{
			Name: "nyc-311", Title: "New York City 311 service requests, official CSV export",
			columns:  [numFields]string{"Unique Key", "Latitude", "Longitude", "Created Date", "Complaint Type"},
			also:     []string{"Descriptor"},
			timezone: "America/New_York", timeLayout: "01/02/2006 03:04:05 PM", box: &newYork,
			categories: map[string]report.Factors{
				"street light condition": lit,
				"graffiti":               report.FactorSet(report.Rundown),
				"illegal dumping":        report.FactorSet(report.Rundown),
				"derelict vehicle":       report.FactorSet(report.Rundown),
				"derelict vehicles":      report.FactorSet(report.Rundown),
				"abandoned vehicle":      report.FactorSet(report.Rundown),
				"drug activity":          report.FactorSet(report.DrugsAlcohol),
				"drinking":               report.FactorSet(report.DrugsAlcohol),
			},
		},
		{
			Name: "nyc-street-light", Title: "New York City 311 street-light complaints, extract",
			columns:  [numFields]string{"", "latitude", "longitude", "created_date", "descriptor"},
			also:     []string{"borough"},
			timezone: "America/New_York", box: &newYork,
			categories: map[string]report.Factors{
				"street light out":                  lit,
				"street light lamp missing":         lit,
				"multiple street lights out":        lit,
				"street light lamp dim":             lit,
				"fixture/luminaire damaged":         lit,
				"fixture/luminaire out of position": lit,
				"fixture/luminaire missing":         lit,
				"flood light lamp out":              lit,
			},
		},
		{
			Name: "boston-311", Title: "City of Boston 311 service requests",
			columns:  [numFields]string{"case_enquiry_id", "latitude", "longitude", "open_dt", "type"},
			also:     []string{"case_status"},
			timezone: "America/New_York", box: &boston,
			categories: map[string]report.Factors{
				"street light outages":     lit,
				"street light knock downs": lit,
			},
		},
		{
			Name: "data-police-uk", Title: "data.police.uk street-level crime: Anti-social behaviour is taken as other_harassment, other types are left out",
			note: "Anti-social behaviour was taken as other_harassment and other crime types were left out: change that with --factor," +
				" such as --factor 'Anti-social behaviour=' or --factor 'Drugs=drugs_alcohol'",
			columns:  [numFields]string{"Crime ID", "Latitude", "Longitude", "Month", "Crime type"},
			also:     []string{"Falls within", "LSOA code"},
			timezone: "Europe/London", repeatsIDs: true,
			categories: map[string]report.Factors{
				"anti-social behaviour": report.FactorSet(report.OtherHarassment),
			},
		},
		{
			Name: CanonicalPreset, Title: "StreetSafe's own columns: " + canonicalHeader,
			columns: fieldNames,
			aliases: [numFields][]string{fieldLat: {"latitude"}, fieldLng: {"longitude", "lon", "long"}},
		},
	}
}

// Generous boxes: they only serve to say at once that a file lies elsewhere
// than the area, and to suggest an area for it.
var (
	newYork = report.Box{West: -74.3, South: 40.4, East: -73.6, North: 41}
	boston  = report.Box{West: -71.3, South: 42.2, East: -70.9, North: 42.5}
)

// presetNames joins the names for messages.
func presetNames() string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// CheckPreset tells whether Options.Preset may hold a name.
func CheckPreset(name string) error {
	if _, ok := presetByName(name); !ok && name != "" {
		return fmt.Errorf("unknown preset %q: expected one of %s", name, presetNames())
	}
	return nil
}

func presetByName(name string) (Preset, bool) {
	all := Presets()
	i := slices.IndexFunc(all, func(p Preset) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return Preset{}, false
	}
	return all[i], true
}

// recognisePreset returns the first preset of which the header has every column,
// or the canonical one.
func recognisePreset(h header) Preset {
	all := Presets()
	for _, p := range all {
		if p.fits(h) {
			return p
		}
	}
	return all[len(all)-1]
}

func (p *Preset) fits(h header) bool {
	for _, name := range p.also {
		if h.index(name) < 0 {
			return false
		}
	}
	for f, name := range p.columns {
		if name != "" && h.index(name) < 0 && f != fieldID {
			return false
		}
	}
	return true
}
