package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

const (
	// changeRows is the most rows in one Change: small enough to stay in the
	// processor's cache, large enough that the callback does not show.
	changeRows = 8192

	// spanRows is how many rows of consecutive small batches one query reads.
	// Each query looks into every partition, which takes some 0.1 ms a year of
	// data; with 100,000 rows a query that does not show.
	spanRows = 100_000
)

// reportColumns are what a changeReader reads: a generation and a report.
const reportColumns = `cell, occurred_on, daypart, dark, factors`

// Generation is store.Store.Generation.
func (s *Store) Generation(ctx context.Context) (uint64, error) { return generation(ctx, s.reader) }

func generation(ctx context.Context, q queryer) (uint64, error) {
	var g int64
	if err := q.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM batches`).Scan(&g); err != nil {
		return 0, fmt.Errorf("read the generation: %w", err)
	}
	return uint64(g), nil
}

// Changes is store.Store.Changes.
func (s *Store) Changes(ctx context.Context, since uint64, fn func(store.Change) error) (uint64, error) {
	reached, err := s.changes(ctx, since, fn)
	if err != nil {
		return 0, fmt.Errorf("changes since %d: %w", since, err)
	}
	return reached, nil
}

func (s *Store) changes(ctx context.Context, since uint64, fn func(store.Change) error) (uint64, error) {
	ctx, stalled := newStallWatch(ctx)
	defer stalled.stop()
	tx, err := s.reader.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	defer rollback(tx) // nothing was written
	reached, err := generation(ctx, tx)
	if err != nil {
		return 0, err
	}
	if since > reached {
		return 0, fmt.Errorf("%w: %d", store.ErrAhead, reached)
	}
	from, err := historyFrom(ctx, tx)
	if err != nil {
		return 0, err
	}
	if since > 0 && since < from {
		return 0, fmt.Errorf("%w: known from %d on", store.ErrForgotten, from)
	}
	batches, err := batchesSince(ctx, tx, int64(since))
	if err != nil {
		return 0, err
	}
	r := changeReader{tx: tx, fn: stalled.watch(fn), buffer: make([]report.Report, 0, changeRows)}
	for len(batches) > 0 {
		n := spanLength(batches)
		if err := r.readSpan(ctx, batches[:n]); err != nil {
			return 0, err
		}
		batches = batches[n:]
	}
	return reached, nil
}

// stallWatch ends a context when nothing has come for stallTimeout.
type stallWatch struct {
	timer  *time.Timer
	cancel context.CancelFunc
}

func newStallWatch(ctx context.Context) (context.Context, stallWatch) {
	ctx, cancel := context.WithCancelCause(ctx)
	stalled := fmt.Errorf("%w: no rows for %v", store.ErrUnavailable, stallTimeout)
	return ctx, stallWatch{
		timer:  time.AfterFunc(stallTimeout, func() { cancel(stalled) }),
		cancel: func() { cancel(nil) },
	}
}

// watch does not count the time that fn takes.
func (w stallWatch) watch(fn func(store.Change) error) func(store.Change) error {
	return func(c store.Change) error {
		w.timer.Stop()
		defer w.timer.Reset(stallTimeout)
		return fn(c)
	}
}

func (w stallWatch) stop() {
	w.timer.Stop()
	w.cancel()
}

// batchRow is a row of the table batches.
type batchRow struct {
	seq       int64
	firstID   int64
	nextID    int64
	added     int64
	retracted int64 // but those that are forgotten, as with added
	gone      int64 // of those added, retracted by a later batch

	reducedAdded     int64
	reducedRetracted int64
}

// special says that a batch needs queries of its own.
func (b batchRow) special() bool { return b.gone+b.retracted+b.reducedAdded+b.reducedRetracted > 0 }

func batchesSince(ctx context.Context, tx pgx.Tx, since int64) ([]batchRow, error) {
	rows, err := tx.Query(ctx, `SELECT seq, first_report_id, next_report_id, added - forgotten_added,
			retracted - forgotten_retracted, coalesce(gone, 0), reduced_added, reduced_retracted
		FROM batches LEFT JOIN (SELECT added_batch, count(*) AS gone FROM retractions
			WHERE added_batch > $1 GROUP BY added_batch) AS g ON added_batch = seq
		WHERE seq > $1 ORDER BY seq`, since)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	batches, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b batchRow, err error) {
		return b, row.Scan(&b.seq, &b.firstID, &b.nextID, &b.added, &b.retracted, &b.gone, &b.reducedAdded, &b.reducedRetracted)
	})
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	return batches, nil
}

// spanLength returns how many of the batches to read with one query: one that
// needs queries of its own, or several that do not.
func spanLength(batches []batchRow) int {
	var rows int64
	for i, b := range batches {
		if rows += b.added; i > 0 && (b.special() || rows > spanRows) {
			return i
		}
		if b.special() {
			return 1
		}
	}
	return len(batches)
}

// changeReader reads batches.
type changeReader struct {
	tx     pgx.Tx
	fn     func(store.Change) error
	buffer []report.Report
}

func (c *changeReader) readSpan(ctx context.Context, span []batchRow) error {
	first, last := span[0], span[len(span)-1]
	order := ""
	if len(span) > 1 {
		order = ` ORDER BY id` // which is the order of the batches
	}
	if last.added > last.gone || len(span) > 1 {
		err := c.send(ctx, added, `SELECT batch, `+reportColumns+` FROM reports WHERE id >= $1 AND id < $2`+order,
			first.firstID, last.nextID)
		if err != nil {
			return err
		}
	}
	if first.gone > 0 {
		err := c.send(ctx, added, `SELECT added_batch, `+reportColumns+` FROM retractions WHERE report_id >= $1 AND report_id < $2`,
			first.firstID, first.nextID)
		if err != nil {
			return err
		}
	}
	if first.retracted > 0 {
		err := c.send(ctx, retracted, `SELECT retracted_batch, `+reportColumns+` FROM retractions WHERE retracted_batch = $1`, first.seq)
		if err != nil {
			return err
		}
	}
	return c.readReduced(ctx, first)
}

// readReduced sends the reports that a batch's counts stand for.
func (c *changeReader) readReduced(ctx context.Context, b batchRow) error {
	for _, part := range []struct {
		column  string
		reports int64
		retract bool
	}{{"batch", b.reducedAdded, false}, {"retracted_batch", b.reducedRetracted, true}} {
		if part.reports == 0 {
			continue
		}
		e := store.Expander{Generation: uint64(b.seq), Retract: part.retract, Fn: c.fn}
		err := eachReduced(ctx, c.tx, e.Add, `SELECT cell, `+dayNumber("occurred_on")+`, factors, n FROM reduced
			WHERE `+part.column+` = $1`, b.seq)
		if err == nil {
			err = e.Flush()
		}
		if err != nil {
			return fmt.Errorf("read counts: %w", err)
		}
	}
	return nil
}

// kind says what rows mean for a follower.
type kind bool

const (
	added     kind = false
	retracted kind = true
)

// send hands on the rows of a query in portions of one generation each.
func (c *changeReader) send(ctx context.Context, k kind, query string, args ...any) error {
	rows, err := c.tx.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	defer rows.Close()
	var seq uint64
	c.buffer = c.buffer[:0]
	for rows.Next() {
		g, r, err := decode(rows.RawValues())
		if err != nil {
			return err
		}
		if g != seq || len(c.buffer) == changeRows {
			if err := c.flush(k, seq); err != nil {
				return err
			}
			seq = g
		}
		c.buffer = append(c.buffer, r)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	return c.flush(k, seq)
}

func (c *changeReader) flush(k kind, seq uint64) error {
	if len(c.buffer) == 0 {
		return nil
	}
	change := store.Change{Generation: seq, Add: c.buffer}
	if k == retracted {
		change.Add, change.Retract = nil, c.buffer
	}
	err := c.fn(change)
	c.buffer = c.buffer[:0]
	return err
}

// decode reads a batch and reportColumns in PostgreSQL's binary format: the
// reading of ten million rows through a scan plan would take twice as long.
func decode(v [][]byte) (uint64, report.Report, error) {
	if len(v) != 6 || len(v[0]) != 8 || len(v[1]) != 8 || len(v[2]) != 4 || len(v[3]) != 2 || len(v[4]) != 2 || len(v[5]) != 2 {
		return 0, report.Report{}, fmt.Errorf("read report: the server sent %d values in another form", len(v))
	}
	be := binary.BigEndian
	return be.Uint64(v[0]), report.Report{
		Cell:    h3.Cell(be.Uint64(v[1])),
		Day:     report.Day(int32(be.Uint32(v[2])) + postgresEpoch),
		Daypart: report.Daypart(be.Uint16(v[3])),
		Dark:    report.Dark(be.Uint16(v[4])),
		Factors: report.Factors(be.Uint16(v[5])),
	}, nil
}
