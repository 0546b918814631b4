package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// createStage makes the table that records are copied into first. It lives in
// the connection, is not logged, and empties itself.
const createStage = `CREATE TEMP TABLE IF NOT EXISTS stage (
	ord         bigint NOT NULL,
	external_id text COLLATE "C" NOT NULL,
	cell        bigint NOT NULL,
	occurred_on date NOT NULL,
	daypart     smallint NOT NULL,
	dark        smallint NOT NULL,
	factors     smallint NOT NULL
) ON COMMIT DELETE ROWS`

// Insert is store.Store.Insert.
func (s *Store) Insert(ctx context.Context, source string, records []report.Record) (store.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	r, err := s.insert(ctx, source, records)
	if err != nil {
		return store.Result{}, fmt.Errorf("insert from %s: %w", source, err)
	}
	s.beacon.Light()
	return r, nil
}

func (s *Store) insert(ctx context.Context, source string, records []report.Record) (res store.Result, err error) {
	if err := store.ValidateName(source); err != nil {
		return res, err
	}
	kept, dropped, err := store.Prepare(records)
	if err != nil {
		return res, err
	}
	if len(kept) == 0 {
		res.Generation, err = generation(ctx, s.primary)
		return res, err
	}
	for {
		before := s.knownCoarseBefore()
		store.CoarsenOld(kept, before)
		res, err = s.insertKept(ctx, source, kept, before)
		if !errors.Is(err, errCoarsened) {
			res.Duplicates += dropped
			return res, err
		}
	}
}

// errCoarsened says that older reports have to be coarsened by now.
var errCoarsened = errors.New("retention went on meanwhile")

// insertKept inserts what store.Prepare kept. Records of days before the given
// one are coarse; when that is not enough, the error is errCoarsened.
func (s *Store) insertKept(ctx context.Context, source string, kept []report.Record, before report.Day) (res store.Result, err error) {
	months, direct := monthsOf(kept), s.direct.Load()
	err = s.write(ctx, func(tx pgx.Tx) error {
		if !direct {
			if err := stage(ctx, tx, kept); err != nil { // before the lock: others need not wait for it
				return err
			}
		}
		b, err := beginBatch(ctx, tx)
		if err != nil {
			return err
		}
		if b.coarseBefore != before {
			s.rememberCoarseBefore(b.coarseBefore)
			return errCoarsened
		}
		if err := s.ensureMonths(ctx, tx, months); err != nil {
			return err
		}
		id, err := sourceID(ctx, tx, source)
		if err != nil {
			return err
		}
		if res, err = b.insertEither(ctx, id, kept, direct); err != nil {
			return err
		}
		res.Generation, err = b.finish(ctx, s.today())
		return err
	})
	if err != nil {
		return store.Result{}, err
	}
	s.rememberMonths(months)
	s.direct.Store(res.Accepted == len(kept))
	return res, nil
}

func (s *Store) knownCoarseBefore() report.Day {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.coarseBefore, report.MinDay)
}

func (s *Store) rememberCoarseBefore(d report.Day) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coarseBefore = d
}

// stage copies records into the table stage.
func stage(ctx context.Context, tx pgx.Tx, records []report.Record) error {
	if _, err := tx.Exec(ctx, createStage); err != nil {
		return fmt.Errorf("make the staging table: %w", err)
	}
	return copyRows(ctx, tx, newCopyStream(records, nil, appendStaged), `stage`)
}

func copyRows(ctx context.Context, tx pgx.Tx, rows *copyStream, into string) error {
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, rows, `COPY `+into+` FROM STDIN (FORMAT binary)`); err != nil {
		return fmt.Errorf("copy: %w", unavailable(ctx, err))
	}
	return nil
}

// inserter turns the staged records of one source into a part of a batch.
type inserter struct {
	*batch
	source  int64
	firstID int64 // of the part
	rows    int64 // staged
}

// insertKeys gives every staged record that has no key one with the id
// firstID + ord.
const insertKeys = `INSERT INTO report_keys (source_id, external_id, report_id, occurred_on)
	SELECT $1, external_id, $2 + ord, occurred_on FROM stage ORDER BY ord ON CONFLICT DO NOTHING`

// keyOf and reportOf look up one row at a time through the index, whatever the
// planner thinks: the staging table has no statistics, and a plan that reads
// all keys for a few rows would make imports slower with every report there is.
const (
	keyOf = ` CROSS JOIN LATERAL (SELECT * FROM report_keys
		WHERE source_id = $2 AND external_id = s.external_id OFFSET 0) AS k`
	reportOf = ` CROSS JOIN LATERAL (SELECT * FROM reports
		WHERE id = k.report_id AND occurred_on = k.occurred_on OFFSET 0) AS r`
)

// insert adds the staged rows of a source to the batch.
func (b *batch) insert(ctx context.Context, source, rows int64) (store.Result, error) {
	in := inserter{batch: b, source: source, firstID: b.nextID, rows: rows}
	b.nextID += rows
	return in.insert(ctx)
}

// insert writes the keys first and sees from their number whether any was
// known.
func (in *inserter) insert(ctx context.Context) (store.Result, error) {
	done, err := in.tx.Exec(ctx, insertKeys, in.source, in.firstID)
	if err != nil {
		return store.Result{}, fmt.Errorf("insert keys: %w", err)
	}
	accepted, revised, from := done.RowsAffected(), int64(0), `stage AS s`
	if accepted < in.rows {
		if revised, err = in.revise(ctx); err != nil {
			return store.Result{}, err
		}
		from += keyOf + ` WHERE k.report_id = $3 + s.ord`
	}
	if accepted+revised > 0 {
		done, err = in.tx.Exec(ctx, `INSERT INTO reports (id, cell, batch, source_id, occurred_on, daypart, dark, factors)
			SELECT $3 + s.ord, s.cell, $1, $2, s.occurred_on, s.daypart, s.dark, s.factors FROM `+from+` ORDER BY s.ord`,
			in.seq, in.source, in.firstID)
		if err != nil {
			return store.Result{}, fmt.Errorf("insert reports: %w", err)
		}
		in.added += done.RowsAffected()
	}
	return store.Result{
		Accepted:   int(accepted),
		Revised:    int(revised),
		Duplicates: int(in.rows - accepted - revised),
	}, nil
}

// revise retracts the reports that came with other content, gives their keys
// new ids, and returns how many that were.
func (in *inserter) revise(ctx context.Context) (int64, error) {
	revised, err := in.retract(ctx, `SELECT `+retractedColumns+`, 'revised' FROM stage AS s`+keyOf+reportOf+`
		WHERE k.report_id < $3 AND (r.cell, r.occurred_on, r.daypart, r.dark, r.factors)
			<> (s.cell, s.occurred_on, s.daypart, s.dark, s.factors)`, in.source, in.firstID)
	if err != nil || revised == 0 {
		return 0, err
	}
	_, err = in.tx.Exec(ctx, `DELETE FROM report_keys WHERE ctid = ANY (ARRAY(
		SELECT k.ctid FROM retractions AS t CROSS JOIN LATERAL (SELECT ctid FROM report_keys
			WHERE source_id = t.source_id AND external_id = t.external_id OFFSET 0) AS k
		WHERE t.retracted_batch = $1))`, in.seq)
	if err != nil {
		return 0, fmt.Errorf("free the keys of revised reports: %w", err)
	}
	if _, err := in.tx.Exec(ctx, insertKeys, in.source, in.firstID); err != nil {
		return 0, fmt.Errorf("revise keys: %w", err)
	}
	return revised, nil
}

// sourceID returns the row of a source, made or revived where needed.
func sourceID(ctx context.Context, tx pgx.Tx, name string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, `SELECT id FROM sources WHERE name = $1 AND NOT removed`, name).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = tx.QueryRow(ctx, `INSERT INTO sources (name) VALUES ($1)
			ON CONFLICT (name) DO UPDATE SET removed = false RETURNING id`, name).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("find the source: %w", err)
	}
	return id, nil
}

// month is a partition: its name as YYYY-MM and the first days of it and of the
// next.
type month struct {
	name        string
	first, next report.Day
}

func monthsOf(records []report.Record) []month {
	var all []month
	seen := map[report.Day]bool{}
	for i := range records {
		if n := len(all); n > 0 && records[i].Day >= all[n-1].first && records[i].Day < all[n-1].next {
			continue // as is usual
		}
		if m := monthOfDay(records[i].Day); !seen[m.first] {
			seen[m.first] = true
			all = append(all, m)
		}
	}
	return all
}

func monthOfDay(d report.Day) month {
	t := d.Time()
	first := d - report.Day(t.Day()-1)
	return month{first.Month(), first, report.DayOf(first.Time().AddDate(0, 1, 0))}
}

// ensureMonths makes the partitions that are missing. The lock on publishing is
// held, so nobody else does. A table is attached rather than made as a
// partition, because that does not wait for those who read.
func (s *Store) ensureMonths(ctx context.Context, tx pgx.Tx, months []month) error {
	for _, m := range months {
		if s.knowsMonth(m) {
			continue
		}
		table := `reports_` + strings.ReplaceAll(m.name, "-", "_")
		var exists bool
		if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&exists); err != nil {
			return fmt.Errorf("look for the partition %s: %w", m.name, err)
		}
		if exists {
			continue
		}
		_, err := tx.Exec(ctx, `CREATE TABLE `+table+` (LIKE reports INCLUDING ALL);
			ALTER TABLE reports ATTACH PARTITION `+table+` FOR VALUES FROM ('`+m.first.String()+`') TO ('`+m.next.String()+`')`,
			pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return fmt.Errorf("make the partition %s: %w", m.name, err)
		}
	}
	return nil
}

func (s *Store) knowsMonth(m month) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.months[m.name]
}

func (s *Store) rememberMonths(months []month) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range months {
		s.months[m.name] = true
	}
}
