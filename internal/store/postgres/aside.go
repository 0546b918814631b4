package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Aside is store.Movable.Aside. It asks the primary, where the newest is.
func (s *Store) Aside(ctx context.Context) (store.Aside, error) {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	a, err := s.aside(ctx)
	if err != nil {
		return store.Aside{}, fmt.Errorf("read what is kept beside the reports: %w", err)
	}
	return a, nil
}

func (s *Store) aside(ctx context.Context) (a store.Aside, err error) {
	tx, err := s.primary.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return a, err
	}
	defer rollback(tx) // nothing was written
	const ofSource = ` AS t JOIN sources AS s ON s.id = t.source_id ORDER BY s.name, t.external_id`
	received := dayNumber("received_on")
	a.Waiting, err = collect(ctx, tx, `SELECT s.name, external_id, `+received+`, cell, `+dayNumber("occurred_on")+`,
			daypart, dark, factors, weight, quarantine FROM pending`+ofSource,
		func(row pgx.CollectableRow) (w store.WaitingSubmission, err error) {
			return w, row.Scan(&w.Source, &w.ExternalID, &w.ReceivedOn, &w.Cell, &w.Day, &w.Daypart, &w.Dark, &w.Factors, &w.Weight, &w.Quarantine)
		})
	if err != nil {
		return a, err
	}
	a.Receipts, err = collect(ctx, tx, `SELECT s.name, external_id, `+received+`, weight FROM receipts`+ofSource,
		func(row pgx.CollectableRow) (r store.KeptReceipt, err error) {
			return r, row.Scan(&r.Source, &r.ExternalID, &r.ReceivedOn, &r.Weight)
		})
	if err != nil {
		return a, err
	}
	a.Said, err = collect(ctx, tx, `SELECT s.name, external_id, age, sex, gender, ethnicity, disability FROM demographics`+ofSource,
		func(row pgx.CollectableRow) (d store.KeptDemographics, err error) {
			return d, row.Scan(&d.Source, &d.ExternalID, &d.Age, &d.Sex, &d.Gender, &d.Ethnicity, &d.Disability)
		})
	if err != nil {
		return a, err
	}
	a.Tables, err = collect(ctx, tx, `SELECT period, `+dayNumber("frozen_on")+`, tables FROM demographic_tables ORDER BY period`,
		func(row pgx.CollectableRow) (k store.KeptTables, err error) {
			return k, row.Scan(&k.Period, &k.FrozenOn, &k.Tables)
		})
	return a, err
}

// collect is nil when there are no rows.
func collect[T any](ctx context.Context, tx pgx.Tx, query string, scan pgx.RowToFunc[T]) ([]T, error) {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.AppendRows[T, []T](nil, rows, scan)
}

// SetAside is store.Movable.SetAside.
func (s *Store) SetAside(ctx context.Context, a store.Aside) error {
	var batch pgx.Batch
	const ofSource = `FROM sources WHERE name = $1 ON CONFLICT DO NOTHING`
	for _, w := range a.Waiting {
		batch.Queue(`INSERT INTO pending (source_id, external_id, received_on, cell, occurred_on, daypart, dark, factors, weight, quarantine)
			SELECT id, $2::text, $3::date, $4::bigint, $5::date, $6::smallint, $7::smallint, $8::smallint, $9::smallint, $10::text `+ofSource,
			w.Source, w.ExternalID, w.ReceivedOn.Time(), int64(w.Cell), w.Day.Time(), int16(w.Daypart), int16(w.Dark), int16(w.Factors),
			int16(w.Weight), w.Quarantine)
	}
	for _, r := range a.Receipts {
		batch.Queue(`INSERT INTO receipts SELECT id, $2::text, $3::date, $4::smallint `+ofSource,
			r.Source, r.ExternalID, r.ReceivedOn.Time(), int16(r.Weight))
	}
	for _, d := range a.Said {
		batch.Queue(`INSERT INTO demographics SELECT id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text `+ofSource,
			d.Source, d.ExternalID, d.Age, d.Sex, d.Gender, d.Ethnicity, d.Disability)
	}
	for _, k := range a.Tables {
		batch.Queue(`INSERT INTO demographic_tables VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, k.Period, k.FrozenOn.Time(), k.Tables)
	}
	err := s.writeWithin(ctx, batchTimeout, func(ctx context.Context, tx pgx.Tx) error {
		return tx.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return fmt.Errorf("keep what belongs beside the reports: %w", err)
	}
	return nil
}
