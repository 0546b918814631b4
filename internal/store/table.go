package store

import (
	"cmp"
	"strconv"
	"strings"
)

// Kind says what the values of a column are outside of an engine.
type Kind int

// The kinds. A value is nil where a column holds NULL.
const (
	Int    Kind = iota // int64
	Text               // string
	Bytes              // []byte
	Real               // float64
	Bool               // int64, 0 or 1
	Date               // int64, days since 1970-01-01
	Time               // int64, seconds since 1970
	OfName             // string, the name of the source whose id the column holds
)

// Column is a column of a Table.
type Column struct {
	Name string
	Kind Kind
}

// Table is a table that Copy moves row by row, alike in both engines.
type Table struct {
	Name    string
	What    string   // for people
	Columns []Column // all there are, the key first
	Key     int      // how many columns are the key, which orders the rows

	Where    string // SQL that chooses rows; "" is all
	Numbered bool   // the engine gives out the key
	Kept     bool   // rows are added at the end and never change
	Replaced bool   // a copy forgets rows of its own
	First    bool   // before the reports
}

// columns names columns of one kind.
func columns(kind Kind, names ...string) []Column {
	all := make([]Column, len(names))
	for i, name := range names {
		all[i] = Column{name, kind}
	}
	return all
}

// of puts columns together.
func of(parts ...[]Column) []Column {
	var all []Column
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// MovedTables lists what Copy moves beside the reports, in the order in which it
// does. A test compares it with the schema, table by table and column by column.
func MovedTables() []Table {
	identity := of(columns(OfName, "source_id"), columns(Text, "external_id"))
	return []Table{
		// Before everything: a store that has an audit log of its own is refused.
		{Name: "audit_entries", What: "the audit log", Key: 1, Kept: true, First: true,
			Columns: of(columns(Int, "seq"), columns(Time, "at"), columns(Text, "who", "what", "cell", "why"), columns(Bytes, "previous", "hash"))},
		{Name: "sources", What: "sources", Key: 1, First: true, Columns: of(columns(Text, "name", "precision"), columns(Bool, "synthetic", "removed"))},
		{Name: "report_keys", What: "ids of withdrawn reports", Key: 2, Where: "report_id IS NULL", Columns: identity},
		{Name: "pending", What: "waiting reports", Key: 2,
			Columns: of(identity, columns(Date, "received_on", "occurred_on"), columns(Int, "cell", "daypart", "dark", "factors", "weight"), columns(Text, "quarantine"))},
		{Name: "receipts", What: "days of receipt", Key: 2, Columns: of(identity, columns(Date, "received_on"), columns(Int, "weight"))},
		{Name: "demographics", What: "what reporters said", Key: 2, Columns: of(identity, columns(Text, "age", "sex", "gender", "ethnicity", "disability"))},
		{Name: "demographic_tables", What: "tables of what reporters said", Key: 1,
			Columns: of(columns(Text, "period"), columns(Date, "frozen_on"), columns(Text, "tables"))},
		{Name: "accounts", What: "accounts", Key: 1, Numbered: true,
			Columns: of(columns(Int, "id"), columns(Text, "email", "role", "area", "password", "issuer", "subject"), columns(Bool, "disabled"), columns(Time, "created_at"))},
		{Name: "access_state", What: "the state of access", Key: 1, Columns: of(columns(Int, "id", "revision"), columns(Text, "secret"))},
		{Name: "tokens", What: "tokens", Key: 1, Numbered: true,
			Columns: of(columns(Int, "id"), columns(Bytes, "hash"), columns(Int, "account_id"), columns(Text, "name", "scopes"),
				columns(Time, "created_at", "expires_at"), columns(Int, "used_on"), columns(Bool, "revoked"))},
		{Name: "sessions", What: "sessions", Key: 1, Replaced: true,
			Columns: of(columns(Bytes, "hash"), columns(Int, "account_id"), columns(Time, "created_at", "seen_at", "expires_at"))},
		{Name: "links", What: "invitations", Key: 1, Replaced: true, Columns: of(columns(Bytes, "hash"), columns(Int, "account_id"), columns(Time, "expires_at"))},
		{Name: "datasets", What: "boundaries and lamps", Key: 2, Columns: of(columns(Text, "kind", "name", "about"), columns(Bytes, "body"), columns(Time, "imported_at"))},
		{Name: "library_state", What: "the state of boundaries and lamps", Key: 1, Columns: columns(Int, "id", "revision")},
		{Name: "saved_views", What: "saved views", Key: 1, Numbered: true,
			Columns: of(columns(Int, "id", "account_id"), columns(Text, "name", "address", "filter", "box"), columns(Int, "resolution"), columns(Bool, "alert"), columns(Time, "created_at"))},
		{Name: "view_alerts", What: "alerts", Key: 1, Numbered: true,
			Columns: of(columns(Int, "id", "view_id", "until", "reports"), columns(Real, "expected", "upper"), columns(Text, "sentence"),
				columns(Time, "raised_at"), columns(Bool, "seen", "sent"), columns(Int, "tries"), columns(Time, "next_at"))},
		{Name: "action_versions", What: "actions", Key: 1, Kept: true,
			Columns: of(columns(Int, "seq"), columns(Text, "action_id"), columns(Int, "number"), columns(Time, "at"), columns(Text, "who", "change"), columns(Bytes, "body"))},
		{Name: "meta", What: "settings", Key: 1, Where: "key NOT IN ('store_id', '" + MetaHistoryFrom + "', '" + MetaCoarseBefore + "')", Columns: columns(Text, "key", "value")},
	}
}

// UnmovedTables lists the other tables and why they are not moved so.
func UnmovedTables() map[string]string {
	return map[string]string{
		"batches":           "generations are a store's own",
		"reports":           "moved as records",
		"reduced":           "moved as counts of a source",
		"retractions":       "those withdrawn for a reason are moved as such; the others tell followers of this store what changed",
		"schema_migrations": "tells of this store's schema",
	}
}

// SelectRows writes the SQL that reads a table; column writes one of its columns.
func (t Table) SelectRows(column func(Column) string) string {
	all := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if all[i] = column(c); c.Kind == OfName {
			all[i] = "(SELECT s.name FROM sources AS s WHERE s.id = t." + c.Name + ")"
		}
	}
	order := make([]string, t.Key)
	for i := range order {
		order[i] = strconv.Itoa(i + 1)
	}
	where := cmp.Or(t.Where, "1 = 1")
	return "SELECT " + strings.Join(all, ", ") + " FROM " + t.Name + " AS t WHERE " + where + " ORDER BY " + strings.Join(order, ", ")
}

// InsertRow writes the SQL that adds a row, as WriteRows has to; value writes the
// n-th value, from 1, that goes into a column.
func (t Table) InsertRow(value func(c Column, n int) string) string {
	names, values := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	var set []string
	for i, c := range t.Columns {
		names[i], values[i] = c.Name, value(c, i+1)
		if c.Kind == OfName {
			values[i] = "(SELECT id FROM sources WHERE name = " + values[i] + ")"
		}
		if i >= t.Key {
			set = append(set, c.Name+" = excluded."+c.Name)
		}
	}
	then := "NOTHING"
	if !t.Kept && len(set) > 0 {
		then = "UPDATE SET " + strings.Join(set, ", ")
	}
	// WHERE keeps SQLite from taking ON for the beginning of a join.
	return "INSERT INTO " + t.Name + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" WHERE true ON CONFLICT (" + strings.Join(names[:t.Key], ", ") + ") DO " + then
}

// SelectWithdrawals is the SQL of Movable.Withdrawals for the source with the id
// $1: external id, cell, day, daypart, darkness, factors, reason.
const SelectWithdrawals = `SELECT k.external_id, r.cell, r.occurred_on, r.daypart, r.dark, r.factors, r.reason
	FROM report_keys AS k JOIN retractions AS r ON r.source_id = k.source_id AND r.external_id = k.external_id
	WHERE k.source_id = $1 AND k.report_id IS NULL AND r.reason NOT IN (` + OwnReasons + `) ORDER BY k.external_id`
