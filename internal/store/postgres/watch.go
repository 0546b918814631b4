package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

// listenAgainAfter is the pause between attempts to listen while the server is
// away. Polling goes on meanwhile.
const listenAgainAfter = time.Second

// checkListenerEvery is how often to see whether a connection without
// notifications still works.
const checkListenerEvery = 15 * time.Second

// Watch is store.Store.Watch.
func (s *Store) Watch(ctx context.Context) <-chan store.Sighting {
	s.listening.Do(func() { s.listener.Go(s.listen) })
	return store.Watcher{Read: s.Generation, Every: s.poll, Within: lookTimeout, Beacon: &s.beacon}.Watch(ctx)
}

// listen lights the beacon for every batch that any program announces, on a
// connection of its own, until the store is closed.
func (s *Store) listen() {
	for s.stopped.Err() == nil {
		// A failure needs no report: whoever watches also polls, and an absent
		// server shows in everything else.
		_ = s.listenOnce(s.stopped)
		select {
		case <-s.stopped.Done():
		case <-time.After(listenAgainAfter):
		}
	}
}

func (s *Store) listenOnce(ctx context.Context) error {
	c, err := pgx.ConnectConfig(ctx, s.primary.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		c.Close(ctx)
	}()
	if _, err := c.Exec(ctx, `LISTEN `+channel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for {
		s.beacon.Light() // also at first: what came before LISTEN was not announced to us
		if err := waitForNotification(ctx, c); err != nil {
			return err
		}
	}
}

// waitForNotification also returns without one after a while, when the
// connection still works: one that stands still looks like one without news.
func waitForNotification(ctx context.Context, c *pgx.Conn) error {
	waiting, cancel := context.WithTimeout(ctx, checkListenerEvery)
	defer cancel()
	_, err := c.WaitForNotification(waiting)
	if err == nil || !errors.Is(waiting.Err(), context.DeadlineExceeded) {
		return err
	}
	checking, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return c.Ping(checking)
}
