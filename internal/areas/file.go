package areas

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/paulmach/orb/geojson"
)

// fileVersion is that of the form in which a store keeps a kind.
const fileVersion = 1

// maxFile bounds what Decode unpacks.
const maxFile = 1 << 30

type file struct {
	Version         int        `json:"version"`
	Kind            string     `json:"kind"`
	DenominatorName string     `json:"denominator_name,omitempty"`
	Source          string     `json:"source,omitempty"`
	Areas           []fileArea `json:"areas"`
}

type fileArea struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Denominator float64           `json:"denominator,omitempty"`
	Outline     *geojson.Geometry `json:"outline"`
}

// Encode writes a kind as a store keeps it.
func (k *Kind) Encode() ([]byte, error) {
	f := file{Version: fileVersion, Kind: k.Name, DenominatorName: k.DenominatorName, Source: k.Source}
	for _, a := range k.Areas {
		f.Areas = append(f.Areas, fileArea{a.ID, a.Name, a.Denominator, geojson.NewGeometry(a.Outline)})
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if err := errors.Join(json.NewEncoder(z).Encode(f), z.Close()); err != nil {
		return nil, fmt.Errorf("write areas: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads what Encode wrote.
func Decode(data []byte) (*Kind, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read areas: %w", err)
	}
	var f file
	if err := json.NewDecoder(io.LimitReader(z, maxFile)).Decode(&f); err != nil {
		return nil, fmt.Errorf("read areas: %w", err)
	}
	if f.Version != fileVersion {
		return nil, fmt.Errorf("read areas: version %d, want %d: import them again", f.Version, fileVersion)
	}
	list := make([]*Area, 0, len(f.Areas))
	for _, a := range f.Areas {
		if a.Outline == nil {
			return nil, fmt.Errorf("read areas: %s has no outline", a.ID)
		}
		x, err := Columns{ID: "id", Name: "name"}.area(feature{properties: map[string]any{"id": a.ID, "name": a.Name}, geometry: a.Outline.Geometry()})
		if err != nil {
			return nil, fmt.Errorf("read areas: %w", err)
		}
		x.Denominator = a.Denominator
		list = append(list, x)
	}
	k, err := NewKind(f.Kind, list)
	if err != nil {
		return nil, fmt.Errorf("read areas: %w", err)
	}
	k.DenominatorName, k.Source = f.DenominatorName, f.Source
	return k, nil
}
