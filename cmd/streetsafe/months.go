package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/store"
)

// monthNote counts the reports that know only their month, for the note on
// method beside the figures. Sources change with a batch, so they are asked for
// once in a generation.
type monthNote struct {
	live *live

	mu         sync.Mutex // guards the fields below
	generation uint64
	known      bool
	counts     server.MonthPrecision
}

// precision never fails: without an answer of the store the note is the last one.
func (m *monthNote) precision() server.MonthPrecision {
	generation := m.live.cube.Current().Generation()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known && m.generation == generation {
		return m.counts
	}
	sources, err := m.live.store.Sources(context.Background())
	if err != nil {
		m.live.log.Warn("cannot count the reports that know only their month", slog.Any("error", err))
		return m.counts
	}
	m.generation, m.known, m.counts = generation, true, countMonths(sources)
	return m.counts
}

func countMonths(sources []store.Source) (n server.MonthPrecision) {
	for _, s := range sources {
		if s.Precision == store.PrecisionMonth && s.Reports > 0 {
			n.Sources++
			n.Reports += s.Reports
		}
	}
	return n
}
