package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Submit is store.Store.Submit.
func (s *Store) Submit(ctx context.Context, source string, sub store.Submission) error {
	err := store.ValidateName(source)
	if err == nil {
		err = store.ValidateSubmission(sub)
	}
	if err == nil {
		err = s.write(ctx, func(tx *sql.Tx) error { return s.submit(ctx, tx, source, sub) })
	}
	if err != nil {
		return fmt.Errorf("submit to %s: %w", source, err)
	}
	return nil
}

func (s *Store) submit(ctx context.Context, tx *sql.Tx, source string, r store.Submission) error {
	id, err := sourceID(ctx, tx, source)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO pending
			(source_id, external_id, received_on, cell, occurred_on, daypart, dark, factors, weight, quarantine)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
		WHERE NOT EXISTS (SELECT 1 FROM report_keys WHERE source_id = ?1 AND external_id = ?2)
		ON CONFLICT DO NOTHING`,
		id, r.ExternalID, s.today(), int64(r.Cell), r.Day, r.Daypart, r.Dark, r.Factors, r.Weight, r.Quarantine)
	return err
}

// Waiting is store.Store.Waiting.
func (s *Store) Waiting(ctx context.Context) (int64, error) {
	n, err := s.countQuery(ctx, `SELECT count(*) FROM pending`)
	if err != nil {
		return 0, fmt.Errorf("count waiting reports: %w", err)
	}
	return n, nil
}

// Publish is store.Store.Publish.
func (s *Store) Publish(ctx context.Context, schedule store.Schedule) (res store.Result, err error) {
	if err := schedule.Validate(); err != nil {
		return res, err
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		res, err = s.publish(ctx, tx, schedule)
		return err
	})
	if err != nil {
		return store.Result{}, fmt.Errorf("publish: %w", err)
	}
	s.beacon.Light()
	return res, nil
}

func (s *Store) publish(ctx context.Context, tx *sql.Tx, schedule store.Schedule) (res store.Result, err error) {
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
		kept, _, err := store.Prepare(records) // in an order that does not tell who came first
		if err != nil {
			return res, err
		}
		store.CoarsenOld(kept, b.coarseBefore)
		in := inserter{batch: b, bulk: s.bulk, source: source}
		if err := in.insert(ctx, kept); err != nil {
			return res, err
		}
		res.Accepted += in.result.Accepted
		res.Duplicates += in.result.Duplicates
		res.Revised += in.result.Revised
	}
	for _, p := range due {
		for _, query := range []string{
			`INSERT INTO receipts SELECT source_id, external_id, received_on, weight FROM pending
				WHERE source_id = ? AND external_id = ? ON CONFLICT DO NOTHING`,
			`DELETE FROM pending WHERE source_id = ? AND external_id = ?`,
		} {
			if _, err := tx.ExecContext(ctx, query, p.Source, p.ExternalID); err != nil {
				return res, fmt.Errorf("take from the waiting reports: %w", err)
			}
		}
	}
	res.Generation, err = b.finish(ctx, s.today())
	return res, err
}

// waitingSince lists what was received up to a day and is not held back.
func waitingSince(ctx context.Context, tx *sql.Tx, last report.Day) ([]store.Pending, error) {
	rows, err := tx.QueryContext(ctx, `SELECT source_id, external_id, received_on, cell, `+packed+`
		FROM pending WHERE received_on <= ? AND quarantine = ''`, last)
	if err != nil {
		return nil, fmt.Errorf("list waiting reports: %w", err)
	}
	defer rows.Close()
	var waiting []store.Pending
	for rows.Next() {
		var p store.Pending
		var cell, attributes int64
		if err := rows.Scan(&p.Source, &p.ExternalID, &p.ReceivedOn, &cell, &attributes); err != nil {
			return nil, fmt.Errorf("read waiting report: %w", err)
		}
		p.Report = unpack(cell, attributes)
		waiting = append(waiting, p)
	}
	return waiting, rows.Err()
}
