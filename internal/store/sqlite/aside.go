package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/store"
)

// Aside is store.Movable.Aside.
func (s *Store) Aside(ctx context.Context) (store.Aside, error) {
	a, err := s.aside(ctx)
	if err != nil {
		return store.Aside{}, fmt.Errorf("read what is kept beside the reports: %w", unavailable(err))
	}
	return a, nil
}

func (s *Store) aside(ctx context.Context) (a store.Aside, err error) {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return a, err
	}
	defer tx.Rollback() // nothing was written
	const ofSource = ` AS t JOIN sources AS s ON s.id = t.source_id ORDER BY s.name, t.external_id`
	a.Waiting, err = collect(ctx, tx, `SELECT s.name, external_id, received_on, cell, `+packed+`, weight, quarantine FROM pending`+ofSource,
		func(rows *sql.Rows) (w store.WaitingSubmission, err error) {
			var cell, attributes int64
			err = rows.Scan(&w.Source, &w.ExternalID, &w.ReceivedOn, &cell, &attributes, &w.Weight, &w.Quarantine)
			w.Report = unpack(cell, attributes)
			return w, err
		})
	if err != nil {
		return a, err
	}
	a.Receipts, err = collect(ctx, tx, `SELECT s.name, external_id, received_on, weight FROM receipts`+ofSource,
		func(rows *sql.Rows) (r store.KeptReceipt, err error) {
			return r, rows.Scan(&r.Source, &r.ExternalID, &r.ReceivedOn, &r.Weight)
		})
	if err != nil {
		return a, err
	}
	a.Said, err = collect(ctx, tx, `SELECT s.name, external_id, age, sex, gender, ethnicity, disability FROM demographics`+ofSource,
		func(rows *sql.Rows) (d store.KeptDemographics, err error) {
			return d, rows.Scan(&d.Source, &d.ExternalID, &d.Age, &d.Sex, &d.Gender, &d.Ethnicity, &d.Disability)
		})
	if err != nil {
		return a, err
	}
	a.Tables, err = collect(ctx, tx, `SELECT period, frozen_on, tables FROM demographic_tables ORDER BY period`,
		func(rows *sql.Rows) (k store.KeptTables, err error) {
			return k, rows.Scan(&k.Period, &k.FrozenOn, &k.Tables)
		})
	return a, err
}

func collect[T any](ctx context.Context, q queryer, query string, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// SetAside is store.Movable.SetAside.
func (s *Store) SetAside(ctx context.Context, a store.Aside) error {
	if err := s.write(ctx, func(tx *sql.Tx) error { return setAside(ctx, tx, a) }); err != nil {
		return fmt.Errorf("keep what belongs beside the reports: %w", err)
	}
	return nil
}

func setAside(ctx context.Context, tx *sql.Tx, a store.Aside) error {
	const ofSource = ` FROM sources WHERE name = ? ON CONFLICT DO NOTHING`
	exec := func(query string, args ...any) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
	for _, w := range a.Waiting {
		err := exec(`INSERT INTO pending SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?`+ofSource, w.ExternalID, w.ReceivedOn,
			int64(w.Cell), w.Day, w.Daypart, w.Dark, w.Factors, w.Weight, w.Quarantine, w.Source)
		if err != nil {
			return err
		}
	}
	for _, r := range a.Receipts {
		if err := exec(`INSERT INTO receipts SELECT id, ?, ?, ?`+ofSource, r.ExternalID, r.ReceivedOn, r.Weight, r.Source); err != nil {
			return err
		}
	}
	for _, d := range a.Said {
		err := exec(`INSERT INTO demographics SELECT id, ?, ?, ?, ?, ?, ?`+ofSource,
			d.ExternalID, d.Age, d.Sex, d.Gender, d.Ethnicity, d.Disability, d.Source)
		if err != nil {
			return err
		}
	}
	for _, k := range a.Tables {
		err := exec(`INSERT INTO demographic_tables VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, k.Period, k.FrozenOn, k.Tables)
		if err != nil {
			return err
		}
	}
	return nil
}
