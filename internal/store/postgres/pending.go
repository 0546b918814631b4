package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Submit is store.Store.Submit.
func (s *Store) Submit(ctx context.Context, source string, sub store.Submission) error {
	ctx, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	err := store.ValidateName(source)
	if err == nil {
		err = store.ValidateSubmission(sub)
	}
	if err == nil {
		err = s.write(ctx, func(tx pgx.Tx) error { return s.submit(ctx, tx, source, sub) })
	}
	if err != nil {
		return fmt.Errorf("submit to %s: %w", source, err)
	}
	return nil
}

func (s *Store) submit(ctx context.Context, tx pgx.Tx, source string, r store.Submission) error {
	id, err := sourceID(ctx, tx, source)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO pending
			(source_id, external_id, received_on, cell, occurred_on, daypart, dark, factors, weight, quarantine)
		SELECT $1::integer, $2::text, $3::date, $4::bigint, $5::date, $6::smallint, $7::smallint, $8::smallint, $9::smallint, $10::text
		WHERE NOT EXISTS (SELECT 1 FROM report_keys WHERE source_id = $1 AND external_id = $2)
		ON CONFLICT DO NOTHING`,
		id, r.ExternalID, s.today().Time(), int64(r.Cell), r.Day.Time(), int16(r.Daypart), int16(r.Dark), int16(r.Factors),
		int16(r.Weight), r.Quarantine)
	return err
}

// Waiting is store.Store.Waiting.
func (s *Store) Waiting(ctx context.Context) (int64, error) {
	var n int64
	if err := s.primary.QueryRow(ctx, `SELECT count(*) FROM pending`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count waiting reports: %w", err)
	}
	return n, nil
}

// Publish is store.Store.Publish.
func (s *Store) Publish(ctx context.Context, schedule store.Schedule) (res store.Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	if err := schedule.Validate(); err != nil {
		return res, err
	}
	err = s.write(ctx, func(tx pgx.Tx) error {
		res, err = s.publish(ctx, tx, schedule)
		return err
	})
	if err != nil {
		return store.Result{}, fmt.Errorf("publish: %w", err)
	}
	s.beacon.Light()
	return res, nil
}

func (s *Store) publish(ctx context.Context, tx pgx.Tx, schedule store.Schedule) (res store.Result, err error) {
	b, err := beginBatch(ctx, tx)
	if err != nil {
		return res, err
	}
	waiting, err := waitingSince(ctx, tx, schedule.LastReceipt(s.today()))
	if err != nil {
		return res, err
	}
	due, err := schedule.Due(waiting, s.today())
	if err != nil {
		return res, err
	}
	for source, records := range store.BySource(due) {
		part, err := s.publishSource(ctx, b, source, records)
		if err != nil {
			return res, err
		}
		res.Accepted += part.Accepted
		res.Duplicates += part.Duplicates
		res.Revised += part.Revised
	}
	res.Generation, err = b.finish(ctx, s.today())
	return res, err
}

// publishSource moves records of one source from the waiting ones to the batch.
func (s *Store) publishSource(ctx context.Context, b *batch, source int64, records []report.Record) (store.Result, error) {
	kept, _, err := store.Prepare(records) // in an order that does not tell who came first
	if err != nil {
		return store.Result{}, err
	}
	store.CoarsenOld(kept, b.coarseBefore)
	if err := stage(ctx, b.tx, kept); err != nil {
		return store.Result{}, err
	}
	if err := s.ensureMonths(ctx, b.tx, monthsOf(kept)); err != nil {
		return store.Result{}, err
	}
	res, err := b.insert(ctx, source, int64(len(kept)))
	if err != nil {
		return res, err
	}
	for _, query := range []string{
		`INSERT INTO receipts SELECT p.source_id, p.external_id, p.received_on, p.weight
			FROM pending AS p JOIN stage AS s ON s.external_id = p.external_id
			WHERE p.source_id = $1 ORDER BY p.external_id ON CONFLICT DO NOTHING`,
		`DELETE FROM pending AS p USING stage AS s WHERE p.source_id = $1 AND p.external_id = s.external_id`,
	} {
		if _, err := b.tx.Exec(ctx, query, source); err != nil {
			return res, fmt.Errorf("take from the waiting reports: %w", err)
		}
	}
	if _, err := b.tx.Exec(ctx, `TRUNCATE stage`); err != nil {
		return res, fmt.Errorf("clear the staging table: %w", err)
	}
	return res, nil
}

// waitingSince lists what was received up to a day and is not held back.
func waitingSince(ctx context.Context, tx pgx.Tx, last report.Day) ([]store.Pending, error) {
	rows, err := tx.Query(ctx, `SELECT source_id, external_id, `+dayNumber("received_on")+`,
			cell, `+dayNumber("occurred_on")+`, daypart, dark, factors
		FROM pending WHERE received_on <= $1 AND quarantine = ''`, last.Time())
	if err != nil {
		return nil, fmt.Errorf("list waiting reports: %w", err)
	}
	waiting, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p store.Pending, err error) {
		return p, row.Scan(&p.Source, &p.ExternalID, &p.ReceivedOn, &p.Cell, &p.Day, &p.Daypart, &p.Dark, &p.Factors)
	})
	if err != nil {
		return nil, fmt.Errorf("list waiting reports: %w", err)
	}
	return waiting, nil
}
