package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/mattn/go-sqlite3"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// changeRows is the most rows in one Change: small enough to stay in the
// processor's cache, large enough that the callback does not show.
const changeRows = 8192

// Generation is store.Store.Generation.
func (s *Store) Generation(ctx context.Context) (uint64, error) {
	g, err := generation(ctx, s.reader)
	if err != nil {
		return 0, fmt.Errorf("read the generation: %w", unavailable(err))
	}
	return g, nil
}

func generation(ctx context.Context, q queryer) (uint64, error) {
	var g uint64
	err := q.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM batches`).Scan(&g)
	return g, err
}

// Watch is store.Store.Watch.
func (s *Store) Watch(ctx context.Context) <-chan store.Sighting {
	return store.Watcher{Read: s.Generation, Every: pollEvery, Within: busyTimeout, Beacon: &s.beacon}.Watch(ctx)
}

// Changes is store.Store.Changes.
func (s *Store) Changes(ctx context.Context, since uint64, fn func(store.Change) error) (uint64, error) {
	reached, err := s.changes(ctx, since, fn)
	if err != nil {
		return 0, fmt.Errorf("changes since %d: %w", since, unavailable(err))
	}
	return reached, nil
}

func (s *Store) changes(ctx context.Context, since uint64, fn func(store.Change) error) (reached uint64, err error) {
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // nothing was written
	if reached, err = generation(ctx, tx); err != nil {
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
	batches, err := batchesSince(ctx, tx, since)
	if err != nil || len(batches) == 0 {
		return reached, err
	}
	return reached, conn.Raw(func(c any) error {
		r := changeReader{ctx: ctx, conn: c.(*sqlite3.SQLiteConn), fn: fn, buffer: make([]report.Report, 0, changeRows)}
		return r.readAll(batches)
	})
}

// batchRow is a row of the table batches.
type batchRow struct {
	seq       uint64
	firstID   int64
	nextID    int64
	added     int64
	retracted int64 // but those that are forgotten, as with added

	reducedAdded     int64
	reducedRetracted int64
}

func batchesSince(ctx context.Context, q queryer, since uint64) ([]batchRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, first_report_id, next_report_id,
			added - forgotten_added, retracted - forgotten_retracted, reduced_added, reduced_retracted
		FROM batches WHERE seq > ? ORDER BY seq`, since)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	defer rows.Close()
	var all []batchRow
	for rows.Next() {
		var b batchRow
		if err := rows.Scan(&b.seq, &b.firstID, &b.nextID, &b.added, &b.retracted, &b.reducedAdded, &b.reducedRetracted); err != nil {
			return nil, fmt.Errorf("read batch: %w", err)
		}
		all = append(all, b)
	}
	return all, rows.Err()
}

// changeReader reads batches. It talks to the driver directly: at three values
// a row database/sql would take longer than SQLite does.
type changeReader struct {
	ctx    context.Context
	conn   *sqlite3.SQLiteConn
	fn     func(store.Change) error
	buffer []report.Report
}

// readAll goes through the reports once, from the first batch on: their ids
// follow the batches. What is missing from a batch was retracted later.
func (c *changeReader) readAll(batches []batchRow) error {
	live, err := c.query(`SELECT id, cell, `+packed+` FROM reports WHERE id >= ? ORDER BY id`, batches[0].firstID)
	if err != nil {
		return err
	}
	defer live.close()
	for _, b := range batches {
		n, err := c.send(live, b.nextID, func(rs []report.Report) store.Change {
			return store.Change{Generation: b.seq, Add: rs}
		})
		if err != nil {
			return err
		}
		if n < b.added {
			if err := c.readGone(b); err != nil {
				return err
			}
		}
		if b.retracted > 0 {
			if err := c.readRetracted(b); err != nil {
				return err
			}
		}
		if b.reducedAdded > 0 {
			if err := c.readReduced("batch", &store.Expander{Generation: b.seq, Fn: c.fn}); err != nil {
				return err
			}
		}
		if b.reducedRetracted > 0 {
			if err := c.readReduced("retracted_batch", &store.Expander{Generation: b.seq, Retract: true, Fn: c.fn}); err != nil {
				return err
			}
		}
	}
	return nil
}

// readGone sends the additions of a batch that a later one retracted.
func (c *changeReader) readGone(b batchRow) error {
	rows, err := c.query(`SELECT report_id, cell, `+packed+` FROM retractions WHERE report_id >= ? AND report_id < ?`,
		b.firstID, b.nextID)
	if err != nil {
		return err
	}
	defer rows.close()
	_, err = c.send(rows, b.nextID, func(rs []report.Report) store.Change {
		return store.Change{Generation: b.seq, Add: rs}
	})
	return err
}

// readRetracted sends the retractions that a batch made.
func (c *changeReader) readRetracted(b batchRow) error {
	rows, err := c.query(`SELECT report_id, cell, `+packed+` FROM retractions WHERE retracted_batch = ?`, int64(b.seq))
	if err != nil {
		return err
	}
	defer rows.close()
	_, err = c.send(rows, b.firstID, func(rs []report.Report) store.Change {
		return store.Change{Generation: b.seq, Retract: rs}
	})
	return err
}

// readReduced sends the reports that counts of a batch stand for, those that it
// added or those that it took back.
func (c *changeReader) readReduced(column string, e *store.Expander) error {
	rows, err := c.query(`SELECT n, cell, `+packReduced+` FROM reduced WHERE `+column+` = ?`, int64(e.Generation))
	if err != nil {
		return err
	}
	defer rows.close()
	for !rows.done {
		if err := e.Add(store.Reduced{Report: unpack(rows.cell, rows.packed), N: rows.id}); err != nil {
			return err
		}
		if err := rows.next(); err != nil {
			return err
		}
	}
	return e.Flush()
}

// send hands on the rows with ids below end, in portions, and counts them.
func (c *changeReader) send(rows *rawRows, end int64, change func([]report.Report) store.Change) (int64, error) {
	var n int64
	for {
		c.buffer = c.buffer[:0]
		for len(c.buffer) < changeRows && !rows.done && rows.id < end {
			c.buffer = append(c.buffer, unpack(rows.cell, rows.packed))
			if err := rows.next(); err != nil {
				return n, err
			}
		}
		if len(c.buffer) == 0 {
			return n, nil
		}
		if err := c.ctx.Err(); err != nil {
			return n, err
		}
		n += int64(len(c.buffer))
		if err := c.fn(change(c.buffer)); err != nil {
			return n, err
		}
	}
}

// rawRows is a cursor over (id, cell, packed), or (n, cell, packed) of counts, that stands on a row until done.
type rawRows struct {
	rows             driver.Rows
	values           [3]driver.Value
	id, cell, packed int64
	done             bool
}

func (c *changeReader) query(sql string, args ...int64) (*rawRows, error) {
	values := make([]driver.Value, len(args))
	for i, a := range args {
		values[i] = a
	}
	// Query of the driver takes no context, which spares a goroutine or a lock
	// for each row; send looks at the context between portions.
	rows, err := c.conn.Query(sql, values)
	if err != nil {
		return nil, fmt.Errorf("read reports: %w", err)
	}
	r := &rawRows{rows: rows}
	return r, r.next()
}

func (r *rawRows) next() error {
	err := r.rows.Next(r.values[:])
	if errors.Is(err, io.EOF) {
		r.done = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("read report: %w", err)
	}
	var ok [3]bool
	r.id, ok[0] = r.values[0].(int64)
	r.cell, ok[1] = r.values[1].(int64)
	r.packed, ok[2] = r.values[2].(int64)
	if ok != [3]bool{true, true, true} {
		return fmt.Errorf("read report: not numbers: %v", r.values)
	}
	return nil
}

func (r *rawRows) close() { r.rows.Close() }

var _ queryer = (*sql.Tx)(nil)
