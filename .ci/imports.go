// Command imports checks the direction in which packages import each other and
// says why a forbidden import is forbidden. Run it from the repository root.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

const module = "github.com/streetsafe/streetsafe/"

// rule says what the packages under a path may import from this module, and
// which outside modules they must not, with the reason to print.
type rule struct {
	under    string   // package path within the module, or its parent
	allow    []string // paths within the module; itself is always allowed
	outside  []string // when not nil: the only outside modules allowed
	deny     []string // outside modules
	because  string
	deepDeny []string // modules that must not be linked in at all
}

var rules = []rule{
	{under: "tiles", allow: nil, outside: []string{"github.com/paulmach/orb", "github.com/uber/h3-go"},
		because: "tiles is the public library: others use it with orb and h3 alone"},
	{under: "internal/report", allow: nil, outside: []string{"github.com/uber/h3-go"},
		because: "report is the vocabulary that every package speaks; it may depend on nobody"},
	{under: "internal/cube", allow: []string{"internal/report", "tiles"},
		because: "the cube knows reports and how they are drawn, never where they are stored or who asks"},
	{under: "internal/analysis", allow: []string{"internal/report", "internal/cube", "tiles"},
		outside: []string{"github.com/uber/h3-go", "gonum.org/v1/gonum"},
		because: "analysis computes over counts; where they come from and who asks is not its business"},
	{under: "internal/store", allow: []string{"internal/report", "migrations"},
		because: "a store keeps reports; maps and files are not its business"},
	{under: "internal/ingest", allow: []string{"internal/report"},
		because: "a reader of files must work with any store"},
	{under: "internal/synth", allow: []string{"internal/report"},
		because: "made-up reports must take the same way in as real ones"},
	{under: "internal/tilecache", allow: nil,
		because: "the cache holds bytes and must not know what they mean"},
	{under: "internal/gazetteer", allow: nil,
		because: "places are looked up without knowing of reports"},
	{under: "internal/action", allow: []string{"internal/report"}, outside: []string{"github.com/google/uuid", "github.com/uber/h3-go"},
		because: "what was done is written by people; it must not be able to depend on a count"},
	{under: "internal/actionbook", allow: []string{"internal/report", "internal/action", "internal/access", "internal/store"},
		deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3"},
		because:  "actions are kept and published without knowing which database holds them, and without a way to a count"},
	{under: "internal/areas", allow: []string{"internal/report"},
		because: "boundaries are data that the server joins with counts; who keeps them and who asks is not their business"},
	{under: "internal/exposure", allow: nil,
		because: "what counts are divided by is data that the server joins with them; it needs to know no report"},
	{under: "internal/lamps", allow: []string{"internal/report"},
		because: "lamps are data that the server joins with counts; who keeps them and who asks is not their business"},
	{under: "internal/watch", allow: []string{"internal/report", "internal/cube", "internal/analysis", "internal/access", "internal/store"},
		deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3"},
		because:  "saved views are watched without knowing which database keeps them"},
	{under: "internal/geopackage", allow: nil,
		because: "a file format knows nothing of reports"},
	{under: "internal/pmtiles", allow: []string{"tiles"}, outside: []string{},
		because: "a file format knows nothing of reports"},
	{under: "internal/blob", allow: nil, outside: []string{"github.com/andybalholm/brotli"},
		because: "bytes are sent without knowing what they mean"},
	{under: "internal/ogc", allow: []string{"internal/release/public", "internal/blob", "internal/tilecache"}, outside: []string{},
		deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3", "database/sql", "github.com/uber/h3-go"},
		because:  "what GIS programs get is made from published files alone"},
	{under: "internal/site", allow: []string{"internal/release/public", "internal/blob", "internal/words", "internal/gazetteer", "internal/ogc", "static"},
		deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3", "database/sql", "github.com/uber/h3-go"},
		because:  "public pages are made from published files alone"},
	{under: "internal/release/public", allow: []string{"internal/blob"}, outside: []string{"github.com/andybalholm/brotli", "golang.org/x/sync"},
		because: "the public server serves files and must not be able to read a report"},
	{under: "internal/release", allow: []string{"internal/report", "internal/pmtiles", "internal/blob", "tiles"},
		deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3", "database/sql"},
		because:  "a release is a pure function of what a Source hands over; it knows no store"},
	{under: "cmd/streetsafe-public", allow: []string{"internal/release/public", "internal/site"},
		deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3", "database/sql", "github.com/uber/h3-go"},
		because:  "what faces the public links no database driver and no code that knows a report"},
	{under: "internal/review", allow: []string{"internal/report", "internal/store"},
		because: "what is held back is looked after without knowing who asks, or which database keeps it"},
	{under: "internal/traces", allow: nil,
		because: "what looks for traces must not know how they might be hidden"},
	{under: "internal/access", allow: []string{"internal/report", "internal/store", "internal/review"},
		deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3", "database/sql"},
		because:  "who may see what is decided without knowing which database keeps the accounts"},
	{under: "internal/server", allow: []string{"internal/report", "internal/cube", "internal/tilecache", "internal/gazetteer", "internal/analysis", "internal/access", "internal/areas", "internal/exposure", "internal/lamps", "internal/pmtiles", "internal/watch", "internal/action", "internal/actionbook", "tiles", "static"},
		deny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3"}, deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3"},
		because: "a tile never touches a database: the server answers from memory"},
	{under: "internal/words", allow: nil, outside: []string{"github.com/nicksnyder/go-i18n", "golang.org/x/text"},
		because: "messages are looked up without knowing what the pages are about"},
	{under: "internal/form", allow: []string{"internal/report", "internal/gazetteer", "internal/words", "static"},
		deny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3"}, deepDeny: []string{"github.com/jackc/pgx", "github.com/mattn/go-sqlite3"},
		because: "the form hands reports on and must not be able to read any"},
	{under: "migrations", allow: nil, because: "migrations are data"},
	{under: "static", allow: nil, because: "static is data"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func main() {
	list := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "go list:", err)
		os.Exit(1)
	}
	bad := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "go list:", err)
			os.Exit(1)
		}
		for _, r := range rules {
			if within(p.ImportPath, module+r.under) {
				bad += r.check(p)
			}
		}
	}
	if bad > 0 {
		os.Exit(1)
	}
}

func (r rule) check(p pkg) (bad int) {
	report := func(what string) {
		bad++
		fmt.Printf("%s %s: forbidden, since %s\n", strings.TrimPrefix(p.ImportPath, module), what, r.because)
	}
	for _, i := range p.Imports {
		switch {
		case strings.HasPrefix(i, module):
			if !within(i, module+r.under) && !anyWithin(strings.TrimPrefix(i, module), r.allow) {
				report("imports " + strings.TrimPrefix(i, module))
			}
		case !strings.Contains(strings.Split(i, "/")[0], "."):
			// The standard library.
		case r.outside != nil && !anyWithin(i, r.outside), anyWithin(i, r.deny):
			report("imports " + i)
		}
	}
	for _, d := range p.Deps {
		if anyWithin(d, r.deepDeny) {
			report("links " + d)
		}
	}
	return bad
}

func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

func anyWithin(path string, parents []string) bool {
	for _, parent := range parents {
		if within(path, parent) {
			return true
		}
	}
	return false
}
