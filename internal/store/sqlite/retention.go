package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// monthOf writes the first day of the month of occurred_on.
const monthOf = `(CAST(strftime('%s', occurred_on * 86400, 'unixepoch', 'start of month') AS INTEGER) / 86400)`

// isFine tells reports r that are not coarse yet.
var isFine = `NOT ` + store.IsCoarse(`r.occurred_on = `+monthOf)

// Coarsen is store.Retention.Coarsen.
func (s *Store) Coarsen(ctx context.Context, p store.Pass) error {
	p, err := p.Check()
	if err == nil {
		err = s.write(ctx, func(tx *sql.Tx) error { return raiseCoarseBefore(ctx, tx, p.Before) })
	}
	for last := (key{}); err == nil; {
		var n int64
		err = s.write(ctx, func(tx *sql.Tx) error {
			n, last, err = s.coarsen(ctx, tx, p, last)
			return err
		})
		if err != nil || n == 0 {
			break
		}
		s.beacon.Light()
		p.Progress(n)
	}
	if err != nil {
		return fmt.Errorf("coarsen reports before %s: %w", p.Before, err)
	}
	return nil
}

// raiseCoarseBefore makes every Insert and Publish from now on coarsen what is
// older.
func raiseCoarseBefore(ctx context.Context, tx *sql.Tx, before report.Day) error {
	have, err := coarseBefore(ctx, tx)
	if err != nil || have >= before {
		return err
	}
	return setMeta(ctx, tx, store.MetaCoarseBefore, store.FormatCoarseBefore(before))
}

func coarseBefore(ctx context.Context, q queryer) (report.Day, error) {
	value, err := metaOr(ctx, q, store.MetaCoarseBefore, "")
	if err != nil {
		return 0, err
	}
	return store.ParseCoarseBefore(value)
}

func metaOr(ctx context.Context, q queryer, name, otherwise string) (value string, err error) {
	err = q.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return otherwise, nil
	}
	if err != nil {
		return "", fmt.Errorf("read setting %s: %w", name, err)
	}
	return value, nil
}

func setMeta(ctx context.Context, tx *sql.Tx, name, value string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("keep setting %s: %w", name, err)
	}
	return nil
}

// key is the place of a report in the order of the key index.
type key struct {
	source     int64
	externalID string
}

// old is a report to be coarsened.
type old struct {
	key
	id     int64
	report report.Report
}

// coarsen makes one batch of those behind a key and returns how many they were
// and the last of them.
func (s *Store) coarsen(ctx context.Context, tx *sql.Tx, p store.Pass, after key) (int64, key, error) {
	b, err := beginBatch(ctx, tx)
	if err != nil {
		return 0, after, err
	}
	fine, err := fineAfter(ctx, tx, p, after)
	if err != nil || len(fine) == 0 {
		return 0, after, err
	}
	for source, part := range bySource(fine) {
		in := inserter{batch: b, bulk: s.bulk, source: source}
		if err := in.coarsen(ctx, part); err != nil {
			return 0, after, err
		}
	}
	_, err = b.finish(ctx, s.today())
	return int64(len(fine)), fine[len(fine)-1].key, err
}

// fineAfter reads the next reports that are not coarse, in the order of keys.
func fineAfter(ctx context.Context, tx *sql.Tx, p store.Pass, after key) ([]old, error) {
	rows, err := tx.QueryContext(ctx, `SELECT k.source_id, k.external_id, r.id, r.cell, `+packed+`
		FROM report_keys AS k CROSS JOIN reports AS r ON r.id = k.report_id
		WHERE (k.source_id, k.external_id) > (?, ?) AND r.occurred_on < ? AND `+isFine+`
		ORDER BY k.source_id, k.external_id LIMIT ?`, after.source, after.externalID, p.Before, p.Rows)
	if err != nil {
		return nil, fmt.Errorf("look for old reports: %w", err)
	}
	defer rows.Close()
	var all []old
	for rows.Next() {
		var o old
		var cell, attributes int64
		if err := rows.Scan(&o.source, &o.externalID, &o.id, &cell, &attributes); err != nil {
			return nil, fmt.Errorf("read old report: %w", err)
		}
		o.report = unpack(cell, attributes)
		all = append(all, o)
	}
	return all, rows.Err()
}

func bySource(reports []old) map[int64][]old {
	parts := map[int64][]old{}
	for _, o := range reports {
		parts[o.source] = append(parts[o.source], o)
	}
	return parts
}

// coarsen replaces reports of the inserter's source.
func (in *inserter) coarsen(ctx context.Context, reports []old) error {
	records, ids := make([]report.Record, len(reports)), make([]int64, len(reports))
	for i, o := range reports {
		records[i] = report.Record{Report: store.Coarse(o.report), ExternalID: o.externalID}
		ids[i] = in.nextID
		in.nextID++
		if err := in.replace(ctx, o.externalID, replacement{o.id, ids[i], store.ReasonCoarsened}); err != nil {
			return err
		}
	}
	return in.addReports(ctx, records, ids)
}

// Reduce is store.Retention.Reduce.
func (s *Store) Reduce(ctx context.Context, p store.Pass) error {
	p, err := p.Check()
	for err == nil {
		var n int64
		err = s.write(ctx, func(tx *sql.Tx) error {
			n, err = s.reduce(ctx, tx, p)
			return err
		})
		if err != nil || n == 0 {
			break
		}
		s.beacon.Light()
		p.Progress(n)
	}
	if err != nil {
		return fmt.Errorf("reduce reports before %s: %w", p.Before, err)
	}
	return nil
}

// reduce makes one batch of the oldest month and returns how many reports it
// held.
func (s *Store) reduce(ctx context.Context, tx *sql.Tx, p store.Pass) (int64, error) {
	b, err := beginBatch(ctx, tx)
	if err != nil {
		return 0, err
	}
	if p.Before > b.coarseBefore {
		return 0, fmt.Errorf("%w day: reports are coarse only before %s", store.ErrInvalid, b.coarseBefore)
	}
	var month sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT min(occurred_on) FROM reports AS r WHERE occurred_on < ? AND NOT (`+isFine+`)`, p.Before).Scan(&month)
	if err != nil || !month.Valid {
		return 0, err
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO retractions
		SELECT r.id, r.batch, ?, r.source_id, k.external_id, r.cell, r.occurred_on, r.daypart, r.dark, r.factors, ?
		FROM report_keys AS k CROSS JOIN reports AS r ON r.id = k.report_id WHERE r.occurred_on = ? AND NOT (`+isFine+`)`,
		b.seq, store.ReasonReduced, month)
	if err != nil {
		return 0, fmt.Errorf("keep retracted reports: %w", err)
	}
	if b.retracted, err = done.RowsAffected(); err != nil {
		return 0, err
	}
	b.reducedAdded = b.retracted
	for _, query := range []string{
		`INSERT INTO reduced SELECT retracted_batch, NULL, source_id, cell, occurred_on, factors, count(*)
			FROM retractions WHERE retracted_batch = ? GROUP BY source_id, cell, occurred_on, factors`,
		`UPDATE report_keys SET report_id = NULL WHERE report_id IN (SELECT report_id FROM retractions WHERE retracted_batch = ?)`,
		`DELETE FROM reports WHERE id IN (SELECT report_id FROM retractions WHERE retracted_batch = ?)`,
		`DELETE FROM receipts WHERE (source_id, external_id) IN (SELECT source_id, external_id FROM retractions WHERE retracted_batch = ?)`,
		`DELETE FROM demographics WHERE (source_id, external_id) IN (SELECT source_id, external_id FROM retractions WHERE retracted_batch = ?)`,
	} {
		if _, err := tx.ExecContext(ctx, query, b.seq); err != nil {
			return 0, fmt.Errorf("reduce to counts: %w", err)
		}
	}
	_, err = b.finish(ctx, s.today())
	return b.retracted, err
}

// Forget is store.Retention.Forget.
func (s *Store) Forget(ctx context.Context, p store.Pass, published report.Day) error {
	p, err := p.Check()
	for err == nil {
		var n int64
		err = s.write(ctx, func(tx *sql.Tx) error {
			n, err = forget(ctx, tx, p, published)
			return err
		})
		if err != nil || n == 0 {
			break
		}
		p.Progress(n)
	}
	if err != nil {
		return fmt.Errorf("forget what followers needed: %w", err)
	}
	return nil
}

// forgettable are retractions with ?1 for the last day of Pass and ?2 for the
// last batch.
var forgettable = `occurred_on < ?1 AND retracted_batch <= ?2 AND (reason IN (` + store.OwnReasons + `)
	OR NOT ` + store.IsCoarse(`r.occurred_on = `+monthOf) + `)`

// forget works on the next retracting batches that have such rows.
func forget(ctx context.Context, tx *sql.Tx, p store.Pass, published report.Day) (int64, error) {
	var last sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT max(seq) FROM batches WHERE published_on < ?`, published).Scan(&last)
	if err != nil || !last.Valid {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `SELECT max(retracted_batch) FROM (SELECT retracted_batch FROM retractions AS r
		WHERE `+forgettable+` ORDER BY retracted_batch LIMIT ?3)`, p.Before, last, p.Rows).Scan(&last)
	if err != nil || !last.Valid {
		return 0, err
	}
	var n int64
	for _, step := range []struct {
		query string
		count bool
	}{
		{query: `UPDATE batches SET forgotten_added = forgotten_added + f.n FROM (
			SELECT added_batch, count(*) AS n FROM retractions AS r WHERE ` + forgettable + ` AND reason IN (` + store.OwnReasons + `)
			GROUP BY added_batch) AS f WHERE f.added_batch = seq`},
		{query: `UPDATE batches SET forgotten_retracted = forgotten_retracted + f.n FROM (
			SELECT retracted_batch, count(*) AS n FROM retractions AS r WHERE ` + forgettable + ` AND reason IN (` + store.OwnReasons + `)
			GROUP BY retracted_batch) AS f WHERE f.retracted_batch = seq`},
		{query: `DELETE FROM retractions AS r WHERE ` + forgettable + ` AND reason IN (` + store.OwnReasons + `)`, count: true},
		{query: `UPDATE retractions AS r SET cell = cell & ~` + strconv.Itoa(store.CoarseDigits) + `, occurred_on = ` + monthOf + `,
			daypart = ` + fmt.Sprint(int(report.UnknownDaypart)) + `, dark = ` + fmt.Sprint(int(report.DarkUnknown)) + `
			WHERE ` + forgettable, count: true},
	} {
		done, err := tx.ExecContext(ctx, step.query, p.Before, last)
		if err != nil {
			return 0, fmt.Errorf("forget retracted reports: %w", err)
		}
		if changed, err := done.RowsAffected(); err != nil {
			return 0, err
		} else if step.count {
			n += changed
		}
	}
	return n, raiseHistoryFrom(ctx, tx, uint64(last.Int64))
}

func raiseHistoryFrom(ctx context.Context, tx *sql.Tx, generation uint64) error {
	have, err := historyFrom(ctx, tx)
	if err != nil || have >= generation {
		return err
	}
	return setMeta(ctx, tx, store.MetaHistoryFrom, strconv.FormatUint(generation, 10))
}

func historyFrom(ctx context.Context, q queryer) (uint64, error) {
	value, err := metaOr(ctx, q, store.MetaHistoryFrom, "0")
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(value, 10, 64)
}
