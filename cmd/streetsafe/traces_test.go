package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"

	"github.com/streetsafe/streetsafe/internal/traces"
)

// T14: somebody goes through the whole form, sends by the two programs' ways in,
// searches, leaves; afterwards neither store, write-ahead log, log of the program
// nor a temporary file has their address, browser, coordinates, search or the
// time on the clock.
func TestForm_leavesNoTrace(t *testing.T) {
	temporary := t.TempDir()
	engines(t, func(t *testing.T, s storage) {
		t.Parallel() // it waits most of the time: answers are paced
		if s.url == "" {
			mustRun(t, "migrate", "up", "--data", s.dir)
		} else {
			openAt(t, s, nil)
		}
		p := serveStore(t, s, "--trusted-proxy", "127.0.0.0/8", "--log-level", "debug", "--proof-bits", "4")
		eventually(t, "the server has started in full", func() bool { return strings.Contains(p.log.String(), "actions published") })
		log, before := p.log.String(), dump(t, s)
		who := traces.Sender{Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.77"), netip.MustParseAddr("127.0.0.1")},
			Texts: []string{"TracerPhone/7.1", "tracer street"}, Points: [][2]float64{{51.376278, -0.098265}}, From: time.Now()}
		sendTraced(t, p.url)
		who.To = time.Now()
		if got := p.log.String(); got != log {
			t.Errorf("the log tells of requests: %s", strings.TrimPrefix(got, log))
		}
		reports, text := 0, ""
		for row := range dump(t, s) {
			if !before[row] {
				text += row
				if strings.HasPrefix(row, "pending") {
					reports++
				}
			}
		}
		if reports != 5 {
			t.Errorf("%d reports in the store, expected 5: those of the form, of the programs, and one twice", reports)
		}
		found := who.Text("rows of the store", []byte(text))
		look := func(where traces.Sender, dirs ...string) {
			more, err := where.Files(dirs...)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, more...)
		}
		if err := os.WriteFile(temporary+"/looked", nil, 0o600); err != nil { // so that there is a file
			t.Fatal(err)
		}
		if s.url == "" {
			look(who, s.dir, temporary)
		} else {
			// PostgreSQL puts the time of each commit into its write-ahead log, by
			// itself; docs/OPERATIONS.md says what to do about that.
			timeless := who
			timeless.From, timeless.To = time.Time{}, time.Time{}
			timeless.Addresses = timeless.Addresses[:1] // its settings name 127.0.0.1
			look(timeless, clusterFiles(t, s))
			look(who, temporary)
		}
		p.stop()
		if s.url == "" {
			look(who, s.dir, temporary)
		}
		for _, f := range found {
			t.Error(f)
		}
	})
	t.Setenv("TMPDIR", temporary) // the servers start only now, after PostgreSQL has
}

// sendTraced sends six reports, two of which are one.
func sendTraced(t *testing.T, base string) {
	t.Helper()
	s := &sender{t: t, base: base, address: "203.0.113.77", agent: "TracerPhone/7.1"}
	s.do(http.MethodGet, "/report?lang=en", "", "")
	const form = "application/x-www-form-urlencoded"
	for path, body := range map[string]string{"/report/search": "q=tracer+street", "/report/near": "lat=51.376278&lng=-0.098265"} {
		if resp, _ := s.do(http.MethodPost, path, form, body); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d", path, resp.StatusCode)
		}
	}
	s.fillIn("badly_lit", true)
	s.fillIn("rundown", false)
	proof, key := s.proof()
	for range 2 {
		s.api(51.376278, key, "isolated", proof)
	}
	s.api(51.376278, "", "followed", "nonsense")
	s.do(http.MethodPost, "/open311/v2/requests.json", form, url.Values{"service_code": {"rundown"}, "lat": {"51.376278"}, "long": {"-0.098265"},
		"description": {"TracerPhone/7.1"}, "address_string": {"tracer street"}}.Encode())
	s.api(48.8566, "", "followed", "") // outside
	s.do(http.MethodGet, "/report/where", "", "")
	s.submit("/report/place", "lat", "51.376278", "lng", "-0.098265")
	_, token, _ := strings.Cut(s.at, "s=")
	s.do(http.MethodPost, "/report/exit", form, "s="+token)
	s.do(http.MethodPost, "/api/v1/reports", "application/json", `{"lat":51.376278,"lng":"broken`)
}

// dump returns every row of every table of a store as text.
func dump(t *testing.T, s storage) map[string]bool {
	t.Helper()
	driver, source := "sqlite3", "file:"+s.path()+"?mode=ro"
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if s.url != "" {
		driver, source = "pgx", s.url
		tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows := map[string]bool{}
	for _, table := range query(t, db, tables) {
		table = strings.TrimSpace(table)
		for _, row := range query(t, db, `SELECT * FROM "`+table+`"`) {
			rows[table+" "+row] = true
		}
	}
	return rows
}

// query returns each row as a line.
func query(t *testing.T, db *sql.DB, q string) (lines []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for _, v := range values {
			switch v := v.(type) {
			case []byte:
				line += fmt.Sprintf("%s ", v)
			case time.Time:
				line += v.UTC().Format(time.RFC3339Nano) + " "
			default:
				line += fmt.Sprint(v, " ")
			}
		}
		lines = append(lines, line+"\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// clusterFiles returns the directory of the PostgreSQL server of a store, with
// all that was written through to it.
func clusterFiles(t *testing.T, s storage) string {
	t.Helper()
	db, err := sql.Open("pgx", s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(query(t, db, "SHOW data_directory")[0])
}
