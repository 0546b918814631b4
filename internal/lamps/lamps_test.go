package lamps_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/internal/report"
)

func read(t testing.TB, data string) *lamps.Index {
	t.Helper()
	x, err := lamps.Read([]byte(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func cellAt(t testing.TB, lat, lng float64, res int) h3.Cell {
	t.Helper()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: lat, Lng: lng}, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var nights = [report.NumDayparts]int64{report.Night: 5, report.Evening: 2}
var evenings = [report.NumDayparts]int64{report.Night: 1, report.Evening: 4}

// Lamps around a cell: on its centre, two cells away, and nothing for miles.
func TestIndex_Look(t *testing.T) {
	for res := 9; res <= 11; res++ {
		c := cellAt(t, 51.45, -2.59, res)
		at, err := c.LatLng()
		if err != nil {
			t.Fatal(err)
		}
		lamp := func(lat, lng float64, off string) string { return fmt.Sprintf("%.7f,%.7f,%s\n", lat, lng, off) }
		for _, x := range []struct {
			name string
			rows string
			dark [report.NumDayparts]int64
			want lamps.Cause
			n    int
		}{
			{"a lamp in the middle", lamp(at.Lat, at.Lng, ""), nights, lamps.LampThere, 1},
			{"a lamp some hundred metres off", lamp(at.Lat+0.004, at.Lng, ""), nights, lamps.NoLamp, 0},
			{"no lamp for miles", lamp(at.Lat+0.1, at.Lng, ""), nights, lamps.Unknown, 0},
			{"off at night", lamp(at.Lat, at.Lng, "00:00-05:30"), nights, lamps.OffByPolicy, 1},
			{"off at night, reports of the evening", lamp(at.Lat, at.Lng, "00:00-05:30"), evenings, lamps.LampThere, 1},
			{"off too short a time", lamp(at.Lat, at.Lng, "03:30-05:30"), nights, lamps.LampThere, 1},
			{"off over midnight", lamp(at.Lat, at.Lng, "20:00-01:00"), evenings, lamps.OffByPolicy, 1},
			{"one of three is off", lamp(at.Lat, at.Lng, "00:00-05:00") + lamp(at.Lat, at.Lng, "") + lamp(at.Lat, at.Lng, ""), nights, lamps.LampThere, 3},
			{"reports without an hour", lamp(at.Lat, at.Lng, "00:00-05:30"), [report.NumDayparts]int64{report.UnknownDaypart: 9}, lamps.LampThere, 1},
		} {
			t.Run(fmt.Sprint(x.name, " ", res), func(t *testing.T) {
				got, err := read(t, "latitude,longitude,off_hours\n"+x.rows).Look(c, x.dark)
				if err != nil || got.Cause != x.want || got.Lamps != x.n {
					t.Errorf("%+v, %v; want %s with %d lamps", got, err, x.want, x.n)
				}
			})
		}
	}
}

// Every lamp near a cell is found, whichever side it is on.
func TestIndex_Look_allAround(t *testing.T) {
	for res := 9; res <= 11; res++ {
		c := cellAt(t, 51.45, -2.59, res)
		ring, err := c.Boundary()
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range ring {
			got, err := read(t, fmt.Sprintf("lat,lng\n%v,%v\n", p.Lat, p.Lng)).Look(c, nights)
			if err != nil || got.Lamps != 1 || got.Nearest <= 0 {
				t.Errorf("corner %d of resolution %d: %+v, %v", i, res, got, err)
			}
		}
	}
}

func TestRead(t *testing.T) {
	for name, data := range map[string]string{
		"CSV":        "\ufeffASSET_ID,Longitude,Latitude,Lamp_Type,Switch_Off,Switch_On\nA1,-2.59,51.45,LED,00:00,05:30\nA2,-2.591,51.45,,,\n",
		"one column": "id,lng,lat,kind,off_hours\nA1,-2.59,51.45,LED,00:00 – 05:30\nA2,-2.591,51.45,,\n",
		"GeoJSON": `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"A1","kind":"LED","off":"00:00-05:30"},"geometry":{"type":"Point","coordinates":[-2.59,51.45]}},
			{"type":"Feature","properties":{"id":2},"geometry":{"type":"Point","coordinates":[-2.591,51.45]}}]}`,
		"positions alone": "longitude,latitude\n-2.59,51.45\n-2.591,51.45\n",
	} {
		t.Run(name, func(t *testing.T) {
			x := read(t, data)
			x.Source = "bristol.csv"
			if x.Len() != 2 || x.HasHours() == (name == "positions alone") {
				t.Errorf("%d lamps, hours %v", x.Len(), x.HasHours())
			}
			packed, err := x.Encode()
			if err != nil {
				t.Fatal(err)
			}
			back, err := lamps.Decode(packed)
			if err != nil || back.Len() != 2 || back.HasHours() != x.HasHours() || back.Source != "bristol.csv" {
				t.Errorf("read back: %+v, %v", back, err)
			}
			c := cellAt(t, 51.45, -2.59, 11)
			a, err1 := x.Look(c, nights)
			b, err2 := back.Look(c, nights)
			if a != b || err1 != nil || err2 != nil {
				t.Errorf("read back it says %+v, before %+v", b, a)
			}
		})
	}
}

func TestRead_refuses(t *testing.T) {
	for data, want := range map[string]string{
		"":                                "header",
		"id,breite\n1,51\n":               "--column",
		"lat,lng\n51.4,200\n":             "line 2",
		"lat,lng\nnorth,0\n":              "line 2",
		"lat,lng,off\n51,0,never\n":       "00:00-05:30",
		"lat,lng,off\n51,0,05:00-05:00\n": "two times",
		"lat,lng,off\n51,0,25:00-05:00\n": "time of day",
		"lat,lng\n":                       "0 lamps",
		`{"type":"FeatureCollection","features":[null]}`: "null",
		`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[0,51],[1,52]]}}]}`: "no point",
	} {
		if _, err := lamps.Read([]byte(data), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", data, err, want)
		}
	}
	if _, err := lamps.Read([]byte("y,x\n51,0\n"), lamps.Columns{"kind": "sort"}); err == nil || !strings.Contains(err.Error(), "sort") {
		t.Errorf("a column that is not there: %v", err)
	}
	if x, err := lamps.Read([]byte("n,e\n51,0\n"), lamps.Columns{"lat": "N", "lng": "E"}); err != nil || x.Len() != 1 {
		t.Errorf("named columns: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("lat,lng,off\n51,0,00:00-05:30\n")
	f.Add("lat,lng,off,on\n51,0,2300,0500\n\"")
	f.Add(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"off":"1"},"geometry":{"type":"Point","coordinates":[0,51]}}]}`)
	f.Add("lat,lng\n90,180\n")
	f.Fuzz(func(t *testing.T, data string) {
		x, err := lamps.Read([]byte(data), nil)
		if err != nil {
			return
		}
		packed, err := x.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := lamps.Decode(packed); err != nil || back.Len() != x.Len() {
			t.Fatalf("what was read cannot be read back: %v", err)
		}
	})
}
