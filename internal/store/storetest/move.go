package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// whole is all that a store is.
type whole interface {
	store.Store
	store.Access
	store.Library
}

// RunMove copies what is kept beside the reports from a store of one engine to
// one of another, or of the same.
func RunMove(t *testing.T, createFrom, createTo New) {
	ctx := context.Background()
	var c clock
	c.set(evening)
	from, to := openFrom(t, createFrom(t, c.now)).(whole), openFrom(t, createTo(t, c.now)).(whole)
	m := newMaker(77)
	must[store.Result](t)(from.Insert(ctx, "s", m.fresh("", 6)))
	must[store.Result](t)(from.Insert(ctx, "gone", m.fresh("gone", 3)))
	if err := errors.Join(from.Withdraw(ctx, "s", "2", "asked to"), from.Withdraw(ctx, "gone", "gone1", "wrong place")); err != nil {
		t.Fatal(err)
	}
	must[int64](t)(from.RemoveSource(ctx, "gone"))
	fill(t, from)
	// Stopped before each table, and in the end not.
	for n := 0; ; n++ {
		_, err := store.Copy(ctx, from, failingAfter(to, n), nil)
		if err == nil {
			break
		}
		if !errors.Is(err, errStopped) || n > 100 {
			t.Fatalf("stopped at table %d: %v", n, err)
		}
	}
	wantMoved(t, from, to)

	// The original goes on, and a copy follows.
	a := must[store.Account](t)(from.AccountByEmail(ctx, "ann@example.org"))
	a.Disabled = true
	if err := errors.Join(from.UpdateAccount(ctx, a), from.Withdraw(ctx, "s", "3", "asked to as well"), from.EndSessions(ctx, a.ID, store.SecretHash{})); err != nil {
		t.Fatal(err)
	}
	must[store.AuditEntry](t)(from.AppendAudit(ctx, auditOf(99)))
	must[store.Copied](t)(store.Copy(ctx, from, to, nil))
	wantMoved(t, from, to)

	// The copy has numbers of its own from here on.
	b := newAccount("new")
	b.ID = must[int64](t)(to.AddAccount(ctx, b))
	saveView(t, to, newView(b.ID, "mine"))
	must[int64](t)(to.AddToken(ctx, store.Token{Hash: secretHash("later"), Account: b.ID, Name: "n", Scopes: "s", CreatedAt: evening, ExpiresAt: evening}))
	if b.ID <= a.ID {
		t.Errorf("account %d after %d", b.ID, a.ID)
	}
	must[store.AuditEntry](t)(to.AppendAudit(ctx, auditOf(100)))
	before := rowsOf(t, to, "accounts")
	must[store.AuditEntry](t)(from.AppendAudit(ctx, auditOf(101)))
	_, err := store.Copy(ctx, from, to, nil)
	wantErr(t, "a copy to a store with a history of its own", err, store.ErrDiffers)
	wantEqual(t, "accounts after a refused copy", rowsOf(t, to, "accounts"), before)
}

// fill puts something into every table that is moved beside the reports.
func fill(t *testing.T, s whole) {
	t.Helper()
	ctx := context.Background()
	a := newAccount("ann")
	a.Password, a.Issuer, a.Subject = "$argon2id$v=19$...", "https://issuer.example.org", "ann"
	a.ID = must[int64](t)(s.AddAccount(ctx, a))
	must[int64](t)(s.AddToken(ctx, store.Token{Hash: secretHash("token"), Account: a.ID, Name: "reader", Scopes: "read", CreatedAt: evening, ExpiresAt: evening.AddDate(1, 0, 0)}))
	v := newView(a.ID, "station")
	v.Alert = true
	v = saveView(t, s, v)
	must[bool](t)(s.RaiseAlert(ctx, store.ViewAlert{View: v.ID, Until: 20000, Reports: 9, Expected: 1.1, Upper: 0.1 + 0.2, Sentence: "9 reports", RaisedAt: evening}, 7))
	held := newMaker(78).in(croydon, "h", 2)
	hold(t, s, "over_limit", held)
	submit(t, s, newMaker(79).in(croydon, "p", 2))
	must[store.ActionVersion](t)(s.AddActionVersion(ctx, actionVersion("a", 1), actionEntry("first")))
	err := errors.Join(
		s.AddSession(ctx, store.Session{Hash: secretHash("session"), Account: a.ID, CreatedAt: evening, SeenAt: evening, ExpiresAt: evening.Add(time.Hour)}),
		s.AddLink(ctx, store.Link{Hash: secretHash("link"), Account: a.ID, ExpiresAt: evening}),
		s.PutDataset(ctx, store.Dataset{Kind: "areas", Name: "wards", About: "é", Body: slices.Repeat([]byte{0, 1, 255}, 2<<20), ImportedAt: evening}),
		s.SetMeta(ctx, "release_2026-H1", "frozen"), s.SetMeta(ctx, "form_secret", "00ff"),
		s.Describe(ctx, "form", held[0].ExternalID, store.Demographics{Age: "18_24"}))
	if err != nil {
		t.Fatal(err)
	}
	var settings [][]any
	for i := range 2100 { // several portions
		settings = append(settings, []any{fmt.Sprintf("release_%04d", i), "x"})
	}
	if err := s.WriteRows(ctx, movedTable(t, "meta"), settings); err != nil {
		t.Fatal(err)
	}
	must[store.AuditEntry](t)(s.AppendAudit(ctx, auditOf(1)))
	p := store.Period{Name: "early", From: report.DayOf(evening) - 10, To: report.DayOf(evening)}
	must[bool](t)(s.FreezeDemographics(ctx, p, func([]store.Described) ([]byte, error) { return []byte("none"), nil }))
}

func movedTable(t *testing.T, name string) store.Table {
	t.Helper()
	tables := store.MovedTables()
	i := slices.IndexFunc(tables, func(t store.Table) bool { return t.Name == name })
	if i < 0 {
		t.Fatalf("%s is not moved", name)
	}
	return tables[i]
}

func rowsOf(t *testing.T, s store.Store, name string) (all [][]any) {
	t.Helper()
	err := s.ReadRows(context.Background(), movedTable(t, name), func(row []any) error {
		all = append(all, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantMoved(t *testing.T, from, to whole) {
	t.Helper()
	ctx := context.Background()
	for _, table := range store.MovedTables() {
		got, want := rowsOf(t, to, table.Name), rowsOf(t, from, table.Name)
		if len(want) == 0 && !table.Replaced && table.Name != "receipts" {
			t.Errorf("nothing to move in %s", table.Name)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d rows that differ from the original's %d", table.Name, len(got), len(want))
		}
	}
	wantEqual(t, "withdrawals", reasons(t, to), reasons(t, from))
	check := must[store.AuditCheck](t)(store.VerifyAudit(ctx, to, ""))
	if head := must[store.AuditEntry](t)(from.AuditHead(ctx)); check.Broken != 0 || check.Head != head {
		t.Errorf("the log of the copy: %+v, want the head %+v", check, head)
	}
	wantSound(t, to)
}

func reasons(t *testing.T, s store.Store) map[string]string {
	all := map[string]string{}
	for _, w := range must[[]store.Withdrawal](t)(s.Withdrawals(context.Background(), "s")) {
		all[w.ExternalID] = fmt.Sprint(w.Reason, w.Report)
	}
	return all
}

var errStopped = errors.New("stopped")

// stopping fails after some tables.
type stopping struct {
	whole
	left *int
}

func failingAfter(s whole, n int) stopping { return stopping{s, &n} }

func (s stopping) WriteRows(ctx context.Context, t store.Table, rows [][]any) error {
	if *s.left--; *s.left < 0 {
		return errStopped
	}
	return s.whole.WriteRows(ctx, t, rows)
}

// CheckSchema fails for a table or a column that Copy would forget. columns is
// the schema: the columns of each table.
func CheckSchema(t *testing.T, columns map[string][]string) {
	t.Helper()
	own := map[string][]string{ // what each store numbers by itself
		"sources":     {"id"},
		"report_keys": {"report_id", "occurred_on"},
	}
	unmoved, moved := store.UnmovedTables(), map[string]bool{}
	for _, table := range store.MovedTables() {
		moved[table.Name] = true
		want := slices.DeleteFunc(slices.Clone(columns[table.Name]), func(c string) bool { return slices.Contains(own[table.Name], c) })
		got := make([]string, len(table.Columns))
		for i, c := range table.Columns {
			got[i] = c.Name
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("Copy moves the columns %v of %s, which has %v: complete store.MovedTables", got, table.Name, want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		if _, known := unmoved[name]; known == moved[name] {
			t.Errorf("the table %s has to be in one of store.MovedTables and store.UnmovedTables", name)
		}
	}
	for name := range unmoved {
		if columns[name] == nil {
			t.Errorf("store.UnmovedTables lists %s, which is not there", name)
		}
	}
}
