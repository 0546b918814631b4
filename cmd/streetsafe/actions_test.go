package main

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/synth"
)

// What is recorded on the map is among the public files soon, and what is withdrawn
// is not; the demo has actions of every status, and its releases take them along.
func testPublicActions(t *testing.T, url string) {
	type list struct {
		Total   int
		Actions []struct {
			ID, Status string
			Synthetic  bool
		}
	}
	all := getJSON[list](t, url+"/api/v1/actions")
	seen := map[string]bool{}
	for _, a := range all.Actions {
		seen[a.Status] = true
		if !a.Synthetic {
			t.Errorf("%s is not labelled as made up", a.ID)
		}
	}
	if len(seen) != len(action.Statuses()) {
		t.Errorf("the demo has actions that are %v", seen)
	}
	public := func() (doc action.Document) {
		if status, _, _ := fetch(t, url+"/public/actions/actions.json"); status == http.StatusOK {
			doc = getJSON[action.Document](t, url+"/public/actions/actions.json")
		}
		return doc
	}
	waitFor(t, func() bool { return len(public().Actions) == all.Total })
	if !public().Synthetic {
		t.Error("made-up actions are published without saying so")
	}
	post := func(path, body string) {
		t.Helper()
		resp, err := http.Post(url+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			b, err := io.ReadAll(resp.Body)
			t.Fatalf("%s: status %d: %s, %v", path, resp.StatusCode, b, err)
		}
	}
	post("/api/v1/actions", `{"kind":"repair","body":"Council","steps":[{"status":"done"}],"cells":["89194ad32d3ffff"]}`)
	waitFor(t, func() bool { return len(public().Actions) == all.Total+1 })
	made := getJSON[list](t, url+"/api/v1/actions").Actions[0]
	post("/api/v1/actions/"+made.ID, `{"version":1,"public":false}`)
	waitFor(t, func() bool { return len(public().Actions) == all.Total })
	releases := getJSON[struct{ Releases []struct{ ID string } }](t, url+"/public/manifest.json")
	status, table, _ := fetch(t, url+"/public/"+releases.Releases[0].ID+"/actions.csv")
	if status != http.StatusOK || strings.Count(table, "\r\n") < all.Total {
		t.Errorf("the release has no actions: status %d, %.200s", status, table)
	}
}

// The commands, the page of a place, and that no report changes what is public of
// actions.
func TestActions(t *testing.T) {
	dir := t.TempDir()
	st := openAt(t, storage{dir: dir}, time.Now)
	end := report.DayOf(time.Now().UTC())
	if err := seedActions(t.Context(), st, end); err != nil {
		t.Fatal(err)
	}
	if err := seedActions(t.Context(), st, end); err != nil { // as after a start that was cut off
		t.Fatal(err)
	}
	if out := mustRun(t, "actions", "list", "--data", dir); strings.Count(out, "\n") != 1+len(madeUpActions()) || !strings.Contains(out, "near East Croydon") {
		t.Errorf("list:\n%s", out)
	}
	if out := mustRun(t, "actions", "list", "--data", dir, "--json"); !strings.Contains(out, `"partner_note":"Column numbers`) {
		t.Errorf("list --json: %.300s", out)
	}
	if out := mustRun(t, "actions", "publish", "--data", dir); !strings.Contains(out, "8 public actions of 8 published") {
		t.Errorf("publish: %s", out)
	}
	before := publicFiles(t, dir)
	if len(before) != 5 {
		t.Errorf("%d files", len(before))
	}
	// T12: what is public of actions is the same, byte for byte, after a report.
	if _, err := st.Insert(t.Context(), demoSource, batchOf(t, "new", 50)); err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, "actions", "publish", "--data", dir); !strings.Contains(out, "were there already") {
		t.Errorf("publish after reports: %s", out)
	}
	if after := publicFiles(t, dir); !maps.EqualFunc(before, after, bytes.Equal) {
		t.Error("reports changed what is published of actions")
	}
	book, err := openBook(t.Context(), nil, st, false)
	if err != nil {
		t.Fatal(err)
	}
	at, err := h3.LatLngToCell(h3.LatLng{Lat: 51.3752, Lng: -0.0929}, 8)
	if err != nil {
		t.Fatal(err)
	}
	found, err := actionsOf(book)(t.Context(), at)
	if err != nil || len(found) < 2 {
		t.Fatalf("%d actions at the station, %v", len(found), err)
	}
	lamps := found[len(found)-1] // the one that changed first
	if lamps.Label.In("cy") != "Wedi’i wneud" || lamps.Note.In("cy") == lamps.Note.In("en") || len(lamps.Steps) != 3 || lamps.Steps[2].Day != end-395 || lamps.Steps[1].Text.In("cy") != "Cynlluniwyd gan Croydon Council (demo): Fourteen lamps will be replaced." {
		t.Errorf("%+v", lamps)
	}
	elsewhere, err := h3.LatLngToCell(h3.LatLng{Lat: 53, Lng: -2}, 8)
	if err != nil {
		t.Fatal(err)
	}
	if none, err := actionsOf(book)(t.Context(), elsewhere); err != nil || len(none) != 0 {
		t.Errorf("elsewhere: %v, %v", none, err)
	}
}

func publicFiles(t *testing.T, data string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(data, "public", action.Dir), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		out[e.Name()], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The made-up works that help do so after they ended, at their place, and leave as
// many reports as there were.
func TestHelped(t *testing.T) {
	cfg := synth.DefaultConfig(report.DayOf(time.Now().UTC()))
	h, err := newHelped(cfg)
	if err != nil {
		t.Fatal(err)
	}
	at, err := report.CellAt(51.3752, -0.0929)
	if err != nil {
		t.Fatal(err)
	}
	far, err := report.CellAt(53, -2)
	if err != nil {
		t.Fatal(err)
	}
	lit := func(cell h3.Cell, day report.Day) int {
		batch := batchOf(t, "x", 1000)
		for i := range batch {
			batch[i].Cell, batch[i].Day, batch[i].Factors = cell, day, report.FactorSet(report.BadlyLit)
		}
		h.apply(batch)
		n := 0
		for _, r := range batch {
			if r.Factors == 0 {
				t.Fatal("a report has lost all its reasons")
			}
			if r.Factors.Has(report.BadlyLit) {
				n++
			}
		}
		return n
	}
	if before, elsewhere, after := lit(at, cfg.To-421), lit(far, cfg.To-1), lit(at, cfg.To-1); before != 1000 || elsewhere != 1000 || after < 300 || after > 500 {
		t.Errorf("badly lit: %d before, %d elsewhere, %d after; want all, all and some 400", before, elsewhere, after)
	}
}
