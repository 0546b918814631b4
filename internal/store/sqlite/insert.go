package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// bulkSizes are the numbers of rows that one statement inserts, large to small.
// Measured: with 512 rows a statement the call into C no longer shows; one row
// a statement is five times slower.
var bulkSizes = []int{512, 32, 1}

// bulkStatements insert several rows at once, by the number of rows.
type bulkStatements struct {
	keys, reports map[int]*sql.Stmt
}

func prepareBulk(ctx context.Context, db *sql.DB) (bulkStatements, error) {
	b := bulkStatements{keys: map[int]*sql.Stmt{}, reports: map[int]*sql.Stmt{}}
	for _, n := range bulkSizes {
		var err error
		if b.keys[n], err = db.PrepareContext(ctx, `INSERT INTO report_keys (source_id, external_id, report_id)
			SELECT ?1, column1, column2 FROM (VALUES `+repeat("(?,?)", n)+`) WHERE true ON CONFLICT DO NOTHING`); err != nil {
			return b, fmt.Errorf("prepare keys: %w", err)
		}
		if b.reports[n], err = db.PrepareContext(ctx, `INSERT INTO reports
				(id, batch, source_id, cell, occurred_on, daypart, dark, factors)
			SELECT column1, ?1, ?2, column2, column3 >> 32, (column3 >> 24) & 255, (column3 >> 16) & 255, column3 & 65535
			FROM (VALUES `+repeat("(?,?,?)", n)+`) WHERE true`); err != nil {
			return b, fmt.Errorf("prepare reports: %w", err)
		}
	}
	return b, nil
}

// repeat lists a group of placeholders n times.
func repeat(group string, n int) string { return strings.Repeat(group+",", n-1) + group }

// pack puts everything of a report but the cell into one number: fewer values
// to hand over to C. unpack and the SQL above take it apart.
func pack(r report.Report) int64 {
	return int64(r.Day)<<32 | int64(r.Daypart)<<24 | int64(r.Dark)<<16 | int64(r.Factors)
}

// packed is what pack makes, in SQL, where shifts and ors bind equally.
const packed = `((occurred_on << 32) | (daypart << 24) | (dark << 16) | factors)`

// packReduced is the same of a row of the table reduced.
var packReduced = fmt.Sprintf(`((occurred_on << 32) | (%d << 24) | (%d << 16) | factors)`, report.UnknownDaypart, report.DarkUnknown)

func unpack(cell, p int64) report.Report {
	return report.Report{
		Cell:    h3.Cell(cell),
		Day:     report.Day(p >> 32),
		Daypart: report.Daypart(p >> 24 & 255),
		Dark:    report.Dark(p >> 16 & 255),
		Factors: report.Factors(p & 65535),
	}
}

// Insert is store.Store.Insert.
func (s *Store) Insert(ctx context.Context, source string, records []report.Record) (store.Result, error) {
	r, err := s.insert(ctx, source, records)
	if err != nil {
		return store.Result{}, fmt.Errorf("insert from %s: %w", source, err)
	}
	s.beacon.Light()
	return r, nil
}

func (s *Store) insert(ctx context.Context, source string, records []report.Record) (store.Result, error) {
	var res store.Result
	if err := store.ValidateName(source); err != nil {
		return res, err
	}
	kept, dropped, err := store.Prepare(records)
	if err != nil {
		return res, err
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		b, err := beginBatch(ctx, tx)
		if err != nil {
			return err
		}
		in := inserter{batch: b, bulk: s.bulk, result: store.Result{Duplicates: dropped}}
		if len(kept) > 0 {
			if in.source, err = sourceID(ctx, tx, source); err != nil {
				return err
			}
		}
		store.CoarsenOld(kept, b.coarseBefore)
		if err := in.insert(ctx, kept); err != nil {
			return err
		}
		in.result.Generation, err = b.finish(ctx, s.today())
		res = in.result
		return err
	})
	return res, err
}

// inserter writes the records of one source into a batch.
type inserter struct {
	*batch
	bulk   bulkStatements
	source int64
	result store.Result
	args   []any
}

func (in *inserter) insert(ctx context.Context, records []report.Record) error {
	for _, n := range bulkSizes {
		for len(records) >= n {
			if err := in.chunk(ctx, records[:n]); err != nil {
				return err
			}
			records = records[n:]
		}
	}
	return nil
}

// chunk inserts the keys and sees from their number whether any was known.
func (in *inserter) chunk(ctx context.Context, records []report.Record) error {
	first := in.nextID
	in.nextID += int64(len(records))
	in.args = append(in.args[:0], in.source)
	ids := make([]int64, len(records))
	for i := range records {
		ids[i] = first + int64(i)
		in.args = append(in.args, records[i].ExternalID, ids[i])
	}
	done, err := in.tx.StmtContext(ctx, in.bulk.keys[len(records)]).ExecContext(ctx, in.args...)
	if err != nil {
		return fmt.Errorf("insert keys: %w", err)
	}
	fresh, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if fresh == int64(len(records)) {
		in.result.Accepted += len(records)
		return in.reports(ctx, records, ids)
	}
	return in.resolve(ctx, records, ids)
}

// resolve sorts out a chunk in which some keys were known. ids are those that
// new records got.
func (in *inserter) resolve(ctx context.Context, records []report.Record, ids []int64) error {
	known, err := in.lookUp(ctx, records)
	if err != nil {
		return err
	}
	var add []report.Record
	var addIDs []int64
	for i, r := range records {
		old := known[r.ExternalID]
		switch {
		case old.id == ids[i]:
			in.result.Accepted++
		case old.id == 0 || old.report == r.Report:
			in.result.Duplicates++
			continue
		default:
			in.result.Revised++
			if err := in.replace(ctx, r.ExternalID, replacement{old.id, ids[i], store.ReasonRevised}); err != nil {
				return err
			}
		}
		add, addIDs = append(add, r), append(addIDs, ids[i])
	}
	return in.addReports(ctx, add, addIDs)
}

// addReports inserts any number of reports whose keys stand.
func (in *inserter) addReports(ctx context.Context, records []report.Record, ids []int64) error {
	for _, n := range bulkSizes {
		for len(records) >= n {
			if err := in.reports(ctx, records[:n], ids[:n]); err != nil {
				return err
			}
			records, ids = records[n:], ids[n:]
		}
	}
	return nil
}

// replacement is a report that another one takes the place of.
type replacement struct {
	oldID, newID int64
	reason       string
}

// replace retracts the report of a key, which from now on stands for another.
func (in *inserter) replace(ctx context.Context, externalID string, r replacement) error {
	if err := in.retract(ctx, r.oldID, externalID, r.reason); err != nil {
		return err
	}
	_, err := in.tx.ExecContext(ctx, `UPDATE report_keys SET report_id = ? WHERE source_id = ? AND external_id = ?`,
		r.newID, in.source, externalID)
	if err != nil {
		return fmt.Errorf("revise key: %w", err)
	}
	return nil
}

// stored is what a key stands for: id 0 for a withdrawn report, and an empty
// report when the key is newer than its report.
type stored struct {
	id     int64
	report report.Report
}

func (in *inserter) lookUp(ctx context.Context, records []report.Record) (map[string]stored, error) {
	in.args = append(in.args[:0], in.source)
	for i := range records {
		in.args = append(in.args, records[i].ExternalID)
	}
	rows, err := in.tx.QueryContext(ctx, `SELECT external_id, coalesce(report_id, 0), coalesce(cell, 0), coalesce(`+packed+`, 0)
		FROM report_keys AS k LEFT JOIN reports AS r ON r.id = k.report_id
		WHERE k.source_id = ? AND k.external_id IN (`+repeat("?", len(records))+`)`, in.args...)
	if err != nil {
		return nil, fmt.Errorf("look up keys: %w", err)
	}
	defer rows.Close()
	known := make(map[string]stored, len(records))
	for rows.Next() {
		var externalID string
		var id, cell, p int64
		if err := rows.Scan(&externalID, &id, &cell, &p); err != nil {
			return nil, fmt.Errorf("read key: %w", err)
		}
		known[externalID] = stored{id: id, report: unpack(cell, p)}
	}
	return known, rows.Err()
}

// reports inserts rows whose keys are there. Their number is one of bulkSizes.
func (in *inserter) reports(ctx context.Context, records []report.Record, ids []int64) error {
	in.args = append(in.args[:0], in.seq, in.source)
	for i := range records {
		in.args = append(in.args, ids[i], int64(records[i].Cell), pack(records[i].Report))
	}
	if _, err := in.tx.StmtContext(ctx, in.bulk.reports[len(records)]).ExecContext(ctx, in.args...); err != nil {
		return fmt.Errorf("insert reports: %w", err)
	}
	in.added += int64(len(records))
	return nil
}

// sourceID returns the row of a source, made or revived where needed.
func sourceID(ctx context.Context, tx *sql.Tx, name string) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM sources WHERE name = ? AND removed = 0`, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, `INSERT INTO sources (name) VALUES (?)
			ON CONFLICT (name) DO UPDATE SET removed = 0 RETURNING id`, name).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("find the source: %w", err)
	}
	return id, nil
}
