package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/release/public"
)

// widerResolution is the area that a release splits by theme.
const widerResolution = 6

// actionSource tells what was done in the cells of resolution 8 around a place.
type actionSource func(ctx context.Context, cell h3.Cell) ([]form.Action, error)

// placeFacts tells of a place what the newest public release says, and nothing
// else: it has no way to a count that is not released.
type placeFacts struct {
	dir     string
	actions actionSource // nil as long as nobody enters any

	mu      sync.Mutex // guards what follows
	changed time.Time  // of the manifest that was read
	figures *public.Figures
}

var _ form.PlaceSource = (*placeFacts)(nil)

func newPlaceFacts(dir string, actions actionSource) *placeFacts {
	return &placeFacts{dir: dir, actions: actions}
}

// Place is form.PlaceSource.Place.
func (p *placeFacts) Place(ctx context.Context, cell h3.Cell) (form.PlaceFacts, error) {
	figures, err := p.current()
	if err != nil {
		return form.PlaceFacts{}, err
	}
	wider, err := cell.Parent(widerResolution)
	if err != nil {
		return form.PlaceFacts{}, fmt.Errorf("area of a place: %w", err)
	}
	facts := form.PlaceFacts{Release: figures.Release.ID}
	add := func(label string, n int) {
		if n > 0 {
			facts.Themes = append(facts.Themes, form.Figure{Label: label, Count: n})
		}
	}
	add("theme.all", figures.At(cell.String())["count"])
	around := figures.At(wider.String())
	add("theme.wider.all", around["count"])
	add("theme.wider.environmental", around["environmental_only"])
	add("theme.wider.behavioural", around["behavioural_only"])
	add("theme.wider.both", around["both"])
	if p.actions != nil {
		facts.Actions, err = p.actions(ctx, cell)
	}
	return facts, err
}

// current returns the figures of the newest release, which come twice a year.
func (p *placeFacts) current() (*public.Figures, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var changed time.Time
	if info, err := os.Stat(filepath.Join(p.dir, public.ManifestFile)); err == nil {
		changed = info.ModTime()
	}
	if p.figures != nil && changed.Equal(p.changed) {
		return p.figures, nil
	}
	figures, err := public.ReadFigures(p.dir)
	if err != nil {
		return nil, err
	}
	p.figures, p.changed = figures, changed
	return figures, nil
}
