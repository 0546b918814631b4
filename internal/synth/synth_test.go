package synth_test

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"testing"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/synth"
)

func config(reports int, extent synth.Extent) synth.Config {
	last, _ := report.ParseDay("2025-12-31")
	cfg := synth.DefaultConfig(last)
	cfg.Reports, cfg.Extent = reports, extent
	return cfg
}

func records(t testing.TB, cfg synth.Config) []report.Record {
	t.Helper()
	seq, err := synth.Generate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(seq)
}

func hashOf(rs []report.Record) uint64 {
	h := fnv.New64a()
	for _, r := range rs {
		_ = binary.Write(h, binary.LittleEndian, r.Report)
		h.Write([]byte(r.ExternalID))
	}
	return h.Sum64()
}

// The demo's figures appear in documents, screenshots and measurements: a
// changed hash means that all of them have to be made again.
func TestGenerate_Pinned(t *testing.T) {
	for _, tc := range []struct {
		name   string
		extent synth.Extent
		want   uint64
	}{
		{"demo", synth.Demo, 0x5fd4f89cbe38e1c2},
		{"national", synth.National, 0x8e8b062554abbefd},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := hashOf(records(t, config(20_000, tc.extent))); got != tc.want {
				t.Errorf("hash %#x, want %#x", got, tc.want)
			}
		})
	}
}

func TestGenerate_Seed(t *testing.T) {
	cfg := config(2_000, synth.Demo)
	first := records(t, cfg)
	if !slices.Equal(first, records(t, cfg)) {
		t.Error("the same seed gave other records")
	}
	cfg.Seed++
	if slices.Equal(first, records(t, cfg)) {
		t.Error("another seed gave the same records")
	}
}

func TestGenerate_Valid(t *testing.T) {
	uk, err := report.ParseArea("uk")
	if err != nil {
		t.Fatal(err)
	}
	for _, extent := range []synth.Extent{synth.Demo, synth.National} {
		for _, n := range []int{0, 1, 500, 60_000} {
			cfg := config(n, extent)
			rs := records(t, cfg)
			if len(rs) != n {
				t.Fatalf("extent %d: %d records, want %d", extent, len(rs), n)
			}
			ids := make(map[string]bool, n)
			for _, r := range rs {
				ids[r.ExternalID] = true
				checkRecord(t, cfg, uk, r)
			}
			if len(ids) != n {
				t.Errorf("extent %d: %d distinct ids of %d", extent, len(ids), n)
			}
		}
	}
}

// checkRecord holds a record to the rules of import: its cell's centre is sent
// through Accept as if somebody had reported it.
func checkRecord(t *testing.T, cfg synth.Config, uk report.Area, r report.Record) {
	t.Helper()
	centre, err := h3.CellToLatLng(r.Cell)
	if err != nil {
		t.Fatal(err)
	}
	back, err := report.Rules{Area: uk, Today: cfg.To - 1}.Accept(report.Observation{
		Lat: centre.Lat, Lng: centre.Lng, Day: r.Day, Daypart: r.Daypart, Dark: r.Dark, Factors: r.Factors,
	})
	switch {
	case err != nil:
		t.Fatalf("%+v: %v", r, err)
	case back != r.Report:
		t.Fatalf("%+v came back as %+v", r.Report, back)
	case r.Day < cfg.From || r.Factors.Len() > 4 || r.Daypart >= report.NumDayparts || r.Dark >= report.NumDark:
		t.Fatalf("%+v is not a report of %+v", r, cfg)
	case r.ExternalID == "" || len(r.ExternalID) > 8:
		t.Fatalf("identifier %q", r.ExternalID)
	}
}

func TestBody_Batches(t *testing.T) {
	cfg := config(1_050, synth.Demo)
	b, err := synth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var joined []report.Record
	var sizes []int
	for batch := range b.Batches(500) {
		joined, sizes = append(joined, batch...), append(sizes, len(batch))
	}
	if !slices.Equal(joined, records(t, cfg)) || !slices.Equal(sizes, []int{500, 500, 50}) {
		t.Errorf("batches of %v do not join to the records", sizes)
	}
	var reports []report.Report
	for r := range b.Reports() {
		reports = append(reports, r)
	}
	if len(reports) != b.Len() || reports[1_000] != joined[1_000].Report {
		t.Error("Reports and Records differ")
	}
}

func TestBody_Records_stopsEarly(t *testing.T) {
	b, err := synth.New(config(1_000, synth.Demo))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range b.Records() {
		if n++; n == 10 {
			break
		}
	}
	for range b.Batches(5) {
		break
	}
	if n != 10 {
		t.Errorf("yielded %d after a break at 10", n)
	}
}

func TestGenerate_BadConfig(t *testing.T) {
	good := config(10, synth.Demo)
	for name, change := range map[string]func(*synth.Config){
		"negative":       func(c *synth.Config) { c.Reports = -1 },
		"too many":       func(c *synth.Config) { c.Reports = synth.MaxReports + 1 },
		"no days":        func(c *synth.Config) { c.To = c.From },
		"before 2000":    func(c *synth.Config) { c.From = report.MinDay - 1 },
		"unknown extent": func(c *synth.Config) { c.Extent = 9 },
	} {
		cfg := good
		change(&cfg)
		if _, err := synth.Generate(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDefaultConfig(t *testing.T) {
	last, _ := report.ParseDay("2026-03-31")
	cfg := synth.DefaultConfig(last)
	if cfg.From.String() != "2024-04-01" || cfg.To != last+1 || cfg.Reports != 60_000 {
		t.Errorf("%v to %v, %d reports", cfg.From, cfg.To, cfg.Reports)
	}
}

// The coarse sky must agree with the real one nearly always: it is off only
// within some minutes of dusk and dawn.
func TestSky_AgreesWithDarkAt(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Skip("no time zone data on this machine:", err)
	}
	places := [][2]float64{{51.37, -0.1}, {50.1, -5.5}, {54.6, -5.9}, {57.5, -4.2}, {60.15, -1.14}}
	checked, wrong := 0, 0
	for day := 0; day < 366; day += 3 {
		date := time.Date(2024, 1, 1+day, 0, 0, 0, 0, time.UTC)
		for _, p := range places {
			for minute := 0; minute < 1440; minute += 17 {
				at := time.Date(2024, 1, 1+day, 0, minute, 0, 0, london)
				checked++
				if report.DarkAt(p[0], p[1], at) != synth.DarkAtMinute(report.DayOf(date), p[0], p[1], minute) {
					wrong++
				}
			}
		}
	}
	if share := float64(wrong) / float64(checked); share > 0.015 {
		t.Errorf("%.2f %% of %d moments differ from report.DarkAt", share*100, checked)
	}
}

func BenchmarkRecords(b *testing.B) {
	for _, extent := range []synth.Extent{synth.Demo, synth.National} {
		body, err := synth.New(config(1_000_000, extent))
		if err != nil {
			b.Fatal(err)
		}
		b.Run([]string{"demo", "national"}[extent], func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for n < b.N {
				for range body.Records() {
					if n++; n == b.N {
						break
					}
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := synth.New(config(60_000, synth.Demo)); err != nil {
			b.Fatal(err)
		}
	}
}
