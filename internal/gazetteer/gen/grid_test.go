package main

import (
	"math"
	"testing"
)

// The worked example of the Ordnance Survey's guide: TG 51409 13177 is
// 52 39 28.72 N, 1 42 57.79 E on WGS 84 (to the 5 m of the transformation).
func TestFromGridRef(t *testing.T) {
	tests := []struct {
		ref      string
		lat, lng float64
		metres   float64
	}{
		{"TG5140913177", 52 + 39/60.0 + 28.72/3600, 1 + 42/60.0 + 57.79/3600, 6},
		{"TQ335655", 51.3731, -0.0831, 100}, // Croydon
		{"NT2573", 55.9440, -3.1952, 700},   // Edinburgh
		{"SV9010", 49.9133, -6.3162, 700},   // Scilly
	}
	for _, tt := range tests {
		lat, lng, err := fromGridRef(tt.ref)
		if err != nil {
			t.Errorf("%s: %v", tt.ref, err)
			continue
		}
		off := math.Hypot(lat-tt.lat, (lng-tt.lng)*math.Cos(lat*math.Pi/180)) * 111_195
		if off > tt.metres {
			t.Errorf("%s: %.6f, %.6f is %.0f m off", tt.ref, lat, lng, off)
		}
	}
	for _, bad := range []string{"", "TQ", "TI1234", "T11234", "TQ12345", "tq1234"} {
		if _, _, err := fromGridRef(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
