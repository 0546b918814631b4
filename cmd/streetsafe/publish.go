package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

// publishEvery is how often a server looks for submitted reports whose time
// has come. Stores know whole days only, so the first look after midnight
// publishes and the others find nothing: they cost a query, and bound how long
// it takes until another replica does what a dead one has not finished.
const publishEvery = 10 * time.Second

// publish lets submitted reports out when the schedule says so, until ctx
// ends. Every replica runs it: the store lets one at a time do it, so another
// takes over when that one dies.
func publish(ctx context.Context, log *slog.Logger, st store.Store, schedule store.Schedule, tick <-chan time.Time) {
	failing := false
	for {
		res, err := st.Publish(ctx, schedule)
		failed := failing
		failing = err != nil
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && failed: // said already
		case err != nil:
			log.Warn("cannot publish submitted reports, trying again at the next turn", slog.Any("error", err))
		case res.Accepted > 0:
			log.Info("published submitted reports", slog.Int("reports", res.Accepted), slog.Uint64("generation", res.Generation))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}
