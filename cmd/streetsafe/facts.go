package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/report"
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
	facts, err := inRelease(figures.Release)
	if err != nil {
		return form.PlaceFacts{}, err
	}
	facts.Here = figures.At(cell.String())["count"]
	around := figures.At(wider.String())
	for _, column := range []struct{ name, label string }{
		{"count", "theme.all"}, {"environmental_only", "theme.environmental"}, {"behavioural_only", "theme.behavioural"}, {"both", "theme.both"},
	} {
		if n := around[column.name]; n > 0 {
			facts.Wider = append(facts.Wider, form.Figure{Label: column.label, Count: n})
		}
	}
	if p.actions != nil {
		facts.Actions, err = p.actions(ctx, cell)
	}
	return facts, err
}

// inRelease says what a release counts. The zero one is none yet.
func inRelease(r public.Release) (facts form.PlaceFacts, err error) {
	if facts.Release = r.ID; r.ID == "" {
		return facts, nil
	}
	from, err1 := report.ParseDay(r.From)
	to, err2 := report.ParseDay(r.To)
	if err := errors.Join(err1, err2); err != nil {
		return form.PlaceFacts{}, fmt.Errorf("public release %s: %w", r.ID, err)
	}
	facts.From, facts.To = from, to
	return facts, nil
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
