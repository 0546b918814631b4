package store

import (
	"context"
	"fmt"
)

// contradiction is something that a store must never hold. The query counts how
// often it does.
type contradiction struct {
	query string
	what  string // with %d for the count
	do    string
}

// restoreAdvice is for damage that no command can undo.
const restoreAdvice = "stop the program, keep a copy of the database, and restore the last good backup"

// contradictions is SQL that both engines understand.
var contradictions = []contradiction{
	{
		query: `SELECT coalesce(max(seq), 0) - count(*) FROM batches`,
		what:  "%d batches are missing from the sequence",
		do:    restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM (SELECT first_report_id, lag(next_report_id, 1, 1) OVER (ORDER BY seq) AS expected
			FROM batches) AS b WHERE first_report_id <> expected`,
		what: "%d batches do not begin where the one before ends",
		do:   restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM batches AS b LEFT JOIN (SELECT batch, sum(n) AS n FROM (
				SELECT batch, count(*) AS n FROM reports GROUP BY batch
				UNION ALL SELECT added_batch, count(*) FROM retractions GROUP BY added_batch) AS u GROUP BY batch) AS r
			ON r.batch = b.seq WHERE coalesce(r.n, 0) + b.forgotten_added <> b.added`,
		what: "%d batches do not have the reports that they added",
		do:   restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM batches AS b LEFT JOIN (SELECT retracted_batch, count(*) AS n
				FROM retractions GROUP BY retracted_batch) AS r
			ON r.retracted_batch = b.seq WHERE coalesce(r.n, 0) + b.forgotten_retracted <> b.retracted`,
		what: "%d batches do not have the reports that they retracted",
		do:   restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM batches AS b
			LEFT JOIN (SELECT batch, sum(n) AS n FROM reduced GROUP BY batch) AS a ON a.batch = b.seq
			LEFT JOIN (SELECT retracted_batch, sum(n) AS n FROM reduced GROUP BY retracted_batch) AS r ON r.retracted_batch = b.seq
			WHERE coalesce(a.n, 0) <> b.reduced_added OR coalesce(r.n, 0) <> b.reduced_retracted`,
		what: "%d batches do not have the counts that they added or took back",
		do:   restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM reports AS r LEFT JOIN batches AS b ON b.seq = r.batch
			WHERE b.seq IS NULL OR r.id < b.first_report_id OR r.id >= b.next_report_id`,
		what: "%d reports lie outside their batch",
		do:   restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM report_keys AS k LEFT JOIN sources AS s ON s.id = k.source_id WHERE s.id IS NULL`,
		what:  "%d identities belong to no source",
		do:    restoreAdvice,
	},
	{
		query: `SELECT (SELECT count(*) FROM reports) - (SELECT count(report_id) FROM report_keys)`,
		what:  "%d more reports than identities",
		do:    restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM report_keys AS k LEFT JOIN reports AS r
			ON r.id = k.report_id AND r.source_id = k.source_id WHERE k.report_id IS NOT NULL AND r.id IS NULL`,
		what: "%d identities stand for no report",
		do:   restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM receipts AS c LEFT JOIN report_keys AS k
			ON k.source_id = c.source_id AND k.external_id = c.external_id WHERE k.source_id IS NULL`,
		what: "%d receipts belong to no identity",
		do:   restoreAdvice,
	},
	{
		// With as many of both and no identity astray, the sums differ when two
		// identities share a report. The remainder weighs the ids, so that two
		// such mistakes do not cancel out; counting distinct ids would need
		// memory for all of them.
		query: `SELECT (SELECT coalesce(sum(id * (id % 1009)), 0) FROM reports)
			- (SELECT coalesce(sum(report_id * (report_id % 1009)), 0) FROM report_keys)`,
		what: "reports and identities do not pair up (difference %d)",
		do:   restoreAdvice,
	},
	{
		query: `SELECT count(*) FROM reports WHERE factors NOT BETWEEN 1 AND 4095 OR daypart NOT BETWEEN 0 AND 4
			OR dark NOT BETWEEN 0 AND 2 OR (cell & 4095) <> 4095
			OR ((cell >> 52) & 15) <> 11`,
		what: "%d reports have values that do not exist",
		do:   restoreAdvice,
	},
}

// Contradictions runs the checks that are the same for every engine. count runs
// a query that answers with one number.
func Contradictions(ctx context.Context, count func(context.Context, string) (int64, error)) ([]Problem, error) {
	var found []Problem
	for _, c := range contradictions {
		n, err := count(ctx, `SELECT CAST((`+c.query+`) AS bigint)`)
		if err != nil {
			return nil, err
		}
		if n != 0 {
			found = append(found, Problem{What: fmt.Sprintf(c.what, n), Do: c.do})
		}
	}
	return found, nil
}
