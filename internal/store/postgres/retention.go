package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// monthOf writes the first day of the month of occurred_on.
const monthOf = `date_trunc('month', occurred_on)::date`

// isCoarse tells reports r that are coarse.
var isCoarse = store.IsCoarse(`EXTRACT(DAY FROM r.occurred_on) = 1`)

// coarseValues are cell, occurred_on, daypart and dark of a report as its coarse
// form has them.
var coarseValues = [4]string{
	`cell & ~` + strconv.Itoa(store.CoarseDigits) + `::bigint`, monthOf,
	fmt.Sprint(int(report.UnknownDaypart)), fmt.Sprint(int(report.DarkUnknown)),
}

// repeatWrites runs fn in transactions of its own until it has nothing to do,
// and tells of each.
func (s *Store) repeatWrites(ctx context.Context, p store.Pass, fn func(context.Context, pgx.Tx) (int64, error)) error {
	for {
		var n int64
		err := s.writeWithin(ctx, batchTimeout, func(ctx context.Context, tx pgx.Tx) (err error) {
			n, err = fn(ctx, tx)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		s.beacon.Light()
		p.Progress(n)
	}
}

// Coarsen is store.Retention.Coarsen.
func (s *Store) Coarsen(ctx context.Context, p store.Pass) error {
	p, err := p.Check()
	if err == nil {
		err = s.write(ctx, func(tx pgx.Tx) error { return raiseCoarseBefore(ctx, tx, p.Before) })
	}
	if err == nil {
		c := coarsener{store: s, pass: p}
		err = s.repeatWrites(ctx, p, c.next)
	}
	if err != nil {
		return fmt.Errorf("coarsen reports before %s: %w", p.Before, err)
	}
	return nil
}

// raiseCoarseBefore makes every Insert and Publish from now on coarsen what is
// older.
func raiseCoarseBefore(ctx context.Context, tx pgx.Tx, before report.Day) error {
	if err := lock(ctx, tx); err != nil {
		return err
	}
	value, err := metaOr(ctx, tx, store.MetaCoarseBefore, "")
	if err != nil {
		return err
	}
	have, err := store.ParseCoarseBefore(value)
	if err != nil || have >= before {
		return err
	}
	return setMeta(ctx, tx, store.MetaCoarseBefore, store.FormatCoarseBefore(before))
}

func metaOr(ctx context.Context, q queryer, key, otherwise string) (value string, err error) {
	err = q.QueryRow(ctx, `SELECT value FROM meta WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return otherwise, nil
	}
	if err != nil {
		return "", fmt.Errorf("read setting %s: %w", key, err)
	}
	return value, nil
}

func setMeta(ctx context.Context, q queryer, key, value string) error {
	_, err := q.Exec(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	if err != nil {
		return fmt.Errorf("keep setting %s: %w", key, err)
	}
	return nil
}

// coarsener goes through the old reports in the order of their keys.
type coarsener struct {
	store *Store
	pass  store.Pass

	source     int64 // of the last key seen
	externalID string
}

// coarseRows are the reports that this batch coarsens, with new ids from $2 on.
var coarseRows = `SELECT source_id, external_id, ` + coarseValues[0] + ` AS cell, ` + coarseValues[1] + ` AS occurred_on, factors,
	$2 + row_number() OVER (ORDER BY source_id, external_id) - 1 AS id FROM retractions WHERE retracted_batch = $1`

// next makes one batch and returns how many reports it replaced.
func (c *coarsener) next(ctx context.Context, tx pgx.Tx) (int64, error) {
	b, err := beginBatch(ctx, tx)
	if err != nil {
		return 0, err
	}
	// Through the key index whatever the planner thinks: the tables change too
	// fast for its statistics.
	if _, err := tx.Exec(ctx, `SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`); err != nil {
		return 0, err
	}
	n, err := b.retract(ctx, `SELECT `+retractedColumns+`, $6 FROM report_keys AS k
		CROSS JOIN LATERAL (SELECT * FROM reports WHERE id = k.report_id AND occurred_on = k.occurred_on OFFSET 0) AS r
		WHERE (k.source_id, k.external_id) > ($2, $3) AND k.occurred_on < $4 AND NOT `+isCoarse+`
		ORDER BY k.source_id, k.external_id LIMIT $5`, c.source, c.externalID, c.pass.Before.Time(), c.pass.Rows, store.ReasonCoarsened)
	if err != nil || n == 0 {
		return 0, err
	}
	for _, query := range []string{
		`INSERT INTO reports (id, cell, batch, source_id, occurred_on, daypart, dark, factors)
			SELECT id, cell, $1, source_id, occurred_on, ` + coarseValues[2] + `, ` + coarseValues[3] + `, factors FROM (` + coarseRows + `) AS c`,
		`UPDATE report_keys AS k SET report_id = c.id, occurred_on = c.occurred_on FROM (` + coarseRows + `) AS c
			WHERE k.source_id = c.source_id AND k.external_id = c.external_id`,
	} {
		if _, err := tx.Exec(ctx, query, b.seq, b.nextID); err != nil {
			return 0, fmt.Errorf("replace reports: %w", err)
		}
	}
	b.nextID += n
	b.added += n
	err = tx.QueryRow(ctx, `SELECT source_id, external_id FROM retractions WHERE retracted_batch = $1
		ORDER BY source_id DESC, external_id DESC LIMIT 1`, b.seq).Scan(&c.source, &c.externalID)
	if err != nil {
		return 0, fmt.Errorf("find the last key: %w", err)
	}
	_, err = b.finish(ctx, c.store.today())
	return n, err
}

// Reduce is store.Retention.Reduce.
func (s *Store) Reduce(ctx context.Context, p store.Pass) error {
	p, err := p.Check()
	if err == nil {
		err = s.repeatWrites(ctx, p, func(ctx context.Context, tx pgx.Tx) (int64, error) { return s.reduce(ctx, tx, p) })
	}
	if err != nil {
		return fmt.Errorf("reduce reports before %s: %w", p.Before, err)
	}
	return nil
}

// reduce makes one batch of the oldest month and returns how many reports it
// held.
func (s *Store) reduce(ctx context.Context, tx pgx.Tx, p store.Pass) (int64, error) {
	b, err := beginBatch(ctx, tx)
	if err != nil {
		return 0, err
	}
	if p.Before > b.coarseBefore {
		return 0, fmt.Errorf("%w day: reports are coarse only before %s", store.ErrInvalid, b.coarseBefore)
	}
	var month *int32
	err = tx.QueryRow(ctx, `SELECT `+dayNumber("min(occurred_on)")+` FROM reports AS r WHERE occurred_on < $1 AND `+isCoarse, p.Before.Time()).Scan(&month)
	if err != nil || month == nil {
		return 0, err
	}
	// From the keys to their reports: the planner takes coarse reports for so rare
	// that it would otherwise read all keys once for each.
	n, err := b.retract(ctx, `SELECT `+retractedColumns+`, $3 FROM report_keys AS k
		CROSS JOIN LATERAL (SELECT * FROM reports WHERE id = k.report_id AND occurred_on = k.occurred_on OFFSET 0) AS r
		WHERE k.occurred_on = $2 AND `+isCoarse, report.Day(*month).Time(), store.ReasonReduced)
	if err != nil || n == 0 {
		return 0, err
	}
	for _, query := range []string{
		`INSERT INTO reduced SELECT retracted_batch, NULL, source_id, cell, occurred_on, factors, count(*)
			FROM retractions WHERE retracted_batch = $1 GROUP BY retracted_batch, source_id, cell, occurred_on, factors`,
		`UPDATE report_keys AS k SET report_id = NULL, occurred_on = NULL FROM retractions AS t
			WHERE t.retracted_batch = $1 AND k.source_id = t.source_id AND k.external_id = t.external_id`,
		`DELETE FROM receipts AS c USING retractions AS t
			WHERE t.retracted_batch = $1 AND c.source_id = t.source_id AND c.external_id = t.external_id`,
		`DELETE FROM demographics AS d USING retractions AS t
			WHERE t.retracted_batch = $1 AND d.source_id = t.source_id AND d.external_id = t.external_id`,
	} {
		if _, err := tx.Exec(ctx, query, b.seq); err != nil {
			return 0, fmt.Errorf("reduce to counts: %w", err)
		}
	}
	b.reducedAdded = n
	_, err = b.finish(ctx, s.today())
	return n, err
}

// Forget is store.Retention.Forget.
func (s *Store) Forget(ctx context.Context, p store.Pass, published report.Day) error {
	p, err := p.Check()
	if err == nil {
		err = s.repeatWrites(ctx, p, func(ctx context.Context, tx pgx.Tx) (int64, error) { return forget(ctx, tx, p, published) })
	}
	if err != nil {
		return fmt.Errorf("forget what followers needed: %w", err)
	}
	return nil
}

// forgettable are retractions with $1 for the last day of Pass and $2 for the
// last batch.
var forgettable = `occurred_on < $1 AND retracted_batch <= $2 AND (reason IN (` + store.OwnReasons + `) OR NOT ` + isCoarse + `)`

// forget works on the next retracting batches that have such rows.
func forget(ctx context.Context, tx pgx.Tx, p store.Pass, published report.Day) (int64, error) {
	if err := lock(ctx, tx); err != nil {
		return 0, err
	}
	var last *int64
	err := tx.QueryRow(ctx, `SELECT max(seq) FROM batches WHERE published_on < $1`, published.Time()).Scan(&last)
	if err != nil || last == nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `SELECT max(retracted_batch) FROM (SELECT retracted_batch FROM retractions AS r
		WHERE `+forgettable+` ORDER BY retracted_batch LIMIT $3) AS f`, p.Before.Time(), *last, p.Rows).Scan(&last)
	if err != nil || last == nil {
		return 0, err
	}
	deleted := forgettable + ` AND reason IN (` + store.OwnReasons + `)`
	var n int64
	for i, query := range []string{
		`UPDATE batches SET forgotten_added = forgotten_added + f.n FROM (
			SELECT added_batch, count(*) AS n FROM retractions AS r WHERE ` + deleted + ` GROUP BY added_batch) AS f WHERE f.added_batch = seq`,
		`UPDATE batches SET forgotten_retracted = forgotten_retracted + f.n FROM (
			SELECT retracted_batch, count(*) AS n FROM retractions AS r WHERE ` + deleted + ` GROUP BY retracted_batch) AS f WHERE f.retracted_batch = seq`,
		`DELETE FROM retractions AS r WHERE ` + deleted,
		`UPDATE retractions AS r SET (cell, occurred_on, daypart, dark) = ROW(` + coarseValues[0] + `, ` + coarseValues[1] + `,
			` + coarseValues[2] + `, ` + coarseValues[3] + `) WHERE ` + forgettable,
	} {
		done, err := tx.Exec(ctx, query, p.Before.Time(), *last)
		if err != nil {
			return 0, fmt.Errorf("forget retracted reports: %w", err)
		}
		if i >= 2 {
			n += done.RowsAffected()
		}
	}
	have, err := historyFrom(ctx, tx)
	if err == nil && have < uint64(*last) {
		err = setMeta(ctx, tx, store.MetaHistoryFrom, strconv.FormatInt(*last, 10))
	}
	return n, err
}

func historyFrom(ctx context.Context, q queryer) (uint64, error) {
	value, err := metaOr(ctx, q, store.MetaHistoryFrom, "0")
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(value, 10, 64)
}
