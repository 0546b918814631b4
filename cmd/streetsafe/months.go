package main

import (
	"context"
	"log/slog"
	"slices"
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
	sources, err := monthSources(context.Background(), m.live.store)
	if err != nil {
		m.live.log.Warn("cannot count the reports that know only their month", slog.Any("error", err))
		return m.counts
	}
	m.generation, m.known, m.counts = generation, true, countMonths(sources)
	return m.counts
}

// monthSources lists the sources with their reports if any of them knows only
// the month. Counting reads every report, which takes seconds for millions, so
// a store without such a source is spared it.
func monthSources(ctx context.Context, st store.Store) ([]store.Source, error) {
	labels, err := st.Labels(ctx)
	if err != nil || !slices.ContainsFunc(labels, func(l store.Label) bool { return l.Precision == store.PrecisionMonth }) {
		return nil, err
	}
	return st.Sources(ctx)
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
