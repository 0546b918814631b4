package server

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/tiles"
)

// benchTile is a tile full of hexagons around Croydon.
func benchTile(b *testing.B) []byte {
	b.Helper()
	centre, err := report.CellAt(51.3714, -0.0977)
	if err != nil {
		b.Fatal(err)
	}
	parent, err := centre.Parent(9)
	if err != nil {
		b.Fatal(err)
	}
	cells, err := parent.GridDisk(15)
	if err != nil {
		b.Fatal(err)
	}
	e := tiles.NewEncoder()
	e.Reset(tiles.Tile{Z: 12, X: 2046, Y: 1364}, tiles.Layer{Res: 9})
	for i, c := range cells {
		ring, err := tiles.AppendOutline(nil, c)
		if err != nil {
			b.Fatal(err)
		}
		e.Cell(c, ring, uint32(1+i*i%97), nil)
	}
	return bytes.Clone(e.Finish())
}

// The compressors of tiles, and as their naive twin a new standard one for each
// answer.
func BenchmarkCompress(b *testing.B) {
	tile := benchTile(b)
	naive := func(body []byte) []byte {
		var out bytes.Buffer
		w := stdgzip.NewWriter(&out)
		_, _ = w.Write(body)
		_ = w.Close()
		return out.Bytes()
	}
	for _, size := range []int{minCompressed, 5000, len(tile)} {
		for _, c := range []struct {
			name     string
			compress func([]byte) []byte
		}{{"gzip", gzipBody}, {"zstd", zstdBody}, {"naive", naive}} {
			b.Run(fmt.Sprintf("%s/%d", c.name, size), func(b *testing.B) {
				b.ReportAllocs()
				var n int
				for b.Loop() {
					n = len(c.compress(tile[:size]))
				}
				b.ReportMetric(float64(n), "out-B")
			})
		}
	}
}
