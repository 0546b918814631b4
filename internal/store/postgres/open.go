// Package postgres keeps reports in PostgreSQL 15 or later. Any number of
// programs may use one database; an advisory lock lets one of them publish at a
// time, and a notification tells the others.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/migrations"
)

const (
	// defaultMaxConns bounds the connections of one program to each server. A
	// PostgreSQL as installed allows 100; ten replicas leave room for others.
	defaultMaxConns = 8

	// connectTimeout is how long to wait for a server that does not answer.
	connectTimeout = 5 * time.Second

	// standbyTimeout is how far a standby may lag behind when a program starts.
	standbyTimeout = 15 * time.Second

	// lockTimeout is how long a writer waits for another. An import holds the
	// lock for some tenths of a second at a time.
	lockTimeout = 60 * time.Second

	// idleTimeout ends transactions of a program that has stopped in the middle
	// of one. idleWriterTimeout is that of one with the lock on publishing, which
	// must not stop the others; between two statements it does next to nothing.
	idleTimeout       = 10 * time.Minute
	idleWriterTimeout = 10 * time.Second

	// lookTimeout is how long a look at the generation may take, which a server
	// at work answers in less than a millisecond.
	lookTimeout = 5 * time.Second

	// submitTimeout and batchTimeout bound a submission, for which somebody
	// waits, and the writing of a batch with its wait for the lock. A connection
	// that stands still is noticed by nothing else.
	submitTimeout = 10 * time.Second
	batchTimeout  = 2 * time.Minute

	// stallTimeout is how long Changes waits for the next rows.
	stallTimeout = 10 * time.Second

	// pollEvery is how often to look for a batch where a notification may have
	// been missed; pollStandbyEvery where there are none to be had, because a
	// standby applies a batch some time after the primary has told of it.
	pollEvery        = 2 * time.Second
	pollStandbyEvery = 200 * time.Millisecond

	// publishLock is the key of the advisory lock that writers and migrations
	// take. Advisory locks belong to the database, so the number only has to
	// differ from those of other programs in it.
	publishLock = 0x5374726565745361 // "StreetSa"

	// channel is where batches are announced.
	channel = "streetsafe_batch"
)

// Options say how to open a database.
type Options struct {
	URL      string           // postgres://user:password@host/name?...; pgx reads it
	ReadURL  string           // of a hot standby to read from; "" reads from URL
	Migrate  bool             // bring an older or empty schema up to date
	MaxConns int32            // for each server; 0 means 8
	Now      func() time.Time // for the dates on batches and migrations; nil is time.Now
}

// Store is an open database.
type Store struct {
	id      string
	now     func() time.Time
	primary *pool
	reader  *pool // the same as primary without a standby
	poll    time.Duration
	beacon  store.Beacon

	listening sync.Once
	stop      context.CancelFunc // ends the listener
	listener  sync.WaitGroup
	stopped   context.Context

	direct atomic.Bool // the last records were all new

	mu           sync.Mutex      // guards the fields below
	months       map[string]bool // partitions known to exist, as YYYY-MM
	coarseBefore report.Day      // as last seen; it only grows
}

var _ store.Store = (*Store)(nil)

// Open connects to a database. The error is store.ErrOldSchema when migrations
// are missing and not to be applied, or store.ErrNewerSchema.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{now: o.Now, poll: pollEvery, months: map[string]bool{}}
	if s.now == nil {
		s.now = time.Now
	}
	s.direct.Store(true)
	s.stopped, s.stop = context.WithCancel(context.Background())
	if err := s.connect(ctx, o); err != nil {
		s.closePools()
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context, o Options) (err error) {
	if s.primary, err = newPool(ctx, o.URL, o.MaxConns); err != nil {
		return err
	}
	s.reader = s.primary
	if o.ReadURL != "" {
		s.poll = pollStandbyEvery
		if s.reader, err = newPool(ctx, o.ReadURL, o.MaxConns); err != nil {
			return err
		}
	}
	if err := s.migrate(ctx, o.Migrate); err != nil {
		return err
	}
	if err := s.awaitStandby(ctx); err != nil {
		return err
	}
	if err := s.primary.QueryRow(ctx, `SELECT value FROM meta WHERE key = 'store_id'`).Scan(&s.id); err != nil {
		return fmt.Errorf("read the store's id: %w", err)
	}
	return nil
}

// awaitStandby waits until a standby has the schema of the primary, which it gets
// a moment later.
func (s *Store) awaitStandby(ctx context.Context) error {
	if s.reader == s.primary {
		return nil
	}
	known, err := store.LoadMigrations(migrations.Postgres())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, standbyTimeout)
	defer cancel()
	for {
		pending, err := pendingMigrations(ctx, s.reader, known)
		if err != nil {
			return fmt.Errorf("standby: %w", err)
		}
		if len(pending) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("standby: migration %d (%s) has not arrived there: %w", pending[0].Number, pending[0].Name, store.ErrUnavailable)
		case <-time.After(pollStandbyEvery):
		}
	}
}

// ID is store.Store.ID.
func (s *Store) ID() string { return s.id }

// Close is store.Store.Close.
func (s *Store) Close() error {
	s.beacon.Close()
	s.stop()
	s.listener.Wait()
	s.closePools()
	return nil
}

func (s *Store) closePools() {
	s.stop()
	if s.reader != nil && s.reader != s.primary {
		s.reader.Close()
	}
	if s.primary != nil {
		s.primary.Close()
	}
}

// today is the date that batches and migrations bear.
func (s *Store) today() report.Day { return report.DayOf(s.now().UTC()) }

// rollback ends a transaction that failed, even when ctx has ended. A broken
// connection rolls back by itself, so its error says nothing new.
func rollback(tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	_ = tx.Rollback(ctx)
}

// write runs fn in a transaction on the primary.
func (s *Store) write(ctx context.Context, fn func(pgx.Tx) error) error {
	tx, err := s.primary.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer rollback(tx)
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// writeWithin is write with a bound on how long it may take.
func (s *Store) writeWithin(ctx context.Context, bound time.Duration, fn func(context.Context, pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	return s.write(ctx, func(tx pgx.Tx) error { return fn(ctx, tx) })
}

// lock makes a transaction the only one that publishes or migrates.
func lock(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT set_config('idle_in_transaction_session_timeout', $2, true), pg_advisory_xact_lock($1)`,
		int64(publishLock), fmt.Sprint(idleWriterTimeout.Milliseconds()))
	if err != nil {
		return fmt.Errorf("wait for other writers: %w", err)
	}
	return nil
}

// noRows turns the answer of an empty query into store.ErrNotFound.
func noRows(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}
