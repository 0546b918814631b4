package site_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/site"
)

const twoActions = `{"format":1,"synthetic":true,"updated":"2026-10-02","actions":[
 {"id":"a1","kind":"vegetation","status":"declined","body":"Sutton Council","title":"Trees and bushes","note":"Birds nest in <b>it</b>","place":"near Sutton","lat":51.36,"lng":-0.19,"cells":["` + hidden + `"],
  "steps":[{"status":"seen","day":"2026-08-01","body":"Sutton Council","note":""},{"status":"declined","day":"2026-08-20","body":"Sutton Council","note":"It is protected."}],"updated":"2026-08-20"},
 {"id":"a2","kind":"lighting","status":"done","body":"Croydon Council","title":"Nine lamps mended","note":"They shine","note_cy":"Maen nhw'n tywynnu","place":"near Croydon","lat":51.37,"lng":-0.09,"cells":["` + shown + `"],
  "steps":[{"status":"seen","day":"2026-04-10","body":"Croydon Council","note":""},{"status":"done","day":"2026-10-02","body":"Croydon Council","note":""}],"updated":"2026-10-02"}]}`

func TestWhatChanged(t *testing.T) {
	dir := t.TempDir()
	publish(t, dir, halves())
	publishActions(t, dir, twoActions)
	s, _ := open(t, dir, site.Config{})
	plain := regexp.MustCompile(`<[^>]+>|\s+`)
	page := func(target string) string {
		return html.UnescapeString(strings.Join(strings.Fields(plain.ReplaceAllString(get(s, target).Body.String(), " ")), " "))
	}
	all := page("/whatchanged")
	for _, want := range []string{"2 actions", "People said: about 40 reports in July to December 2025 Seen 10 April 2026 Croydon Council Done 2 October 2026",
		"No figure is shown from before this Seen 1 August 2026", "Not going ahead 20 August 2026 Sutton Council It is protected.", "Trees and bushes Trees and bushes", "Birds nest in <b>it</b>"} {
		if !strings.Contains(all, want) {
			t.Errorf("the page lacks %q:\n%s", want, all)
		}
	}
	if got, want := get(s, "/site/said.json").Body.String(), `{"a2":{"release":"2025-H2","count":40}}`; got != want {
		t.Errorf("scripts get %s, want %s", got, want)
	}
	if i, k := strings.Index(all, "Nine lamps"), strings.Index(all, "Birds nest"); i > k {
		t.Error("the newest change is not first")
	}
	if got := page("/whatchanged?body=Sutton+Council"); !strings.Contains(got, "One action") || strings.Contains(got, "Nine lamps") {
		t.Errorf("one body's: %s", got)
	}
	if got := page("/whatchanged?body=Sutton+Council&status=done"); !strings.Contains(got, "No action fits") {
		t.Errorf("none: %s", got)
	}
	if got := page("/whatchanged?lang=cy"); !strings.Contains(got, "Maen nhw'n tywynnu") || !strings.Contains(got, "Goleuadau stryd") || strings.Contains(got, "Trees and bushes") {
		t.Errorf("in Welsh: %s", got)
	}
	for _, p := range []string{"/whatchanged", "/map"} {
		if !strings.Contains(get(s, p).Body.String(), `<link rel="alternate" type="application/atom+xml" href="actions/actions.atom"`) {
			t.Errorf("%s does not lead to the feed", p)
		}
	}
	if got := page("/map"); !strings.Contains(got, "Nine lamps mended") {
		t.Error("the map's page does not say what was done")
	}
}

// Actions are published before the first release.
func TestWhatChanged_beforeTheFirstRelease(t *testing.T) {
	dir := t.TempDir()
	publishActions(t, dir, twoActions)
	s, _ := open(t, dir, site.Config{})
	if got := get(s, "/whatchanged").Body.String(); !strings.Contains(got, "Nine lamps mended") {
		t.Errorf("%.300s", got)
	}
	if w := get(s, "/map"); w.Code != 200 {
		t.Errorf("the map gives %d", w.Code)
	}
}

// Pages name kinds and states as the hub and the feed do.
func TestLabels_areThoseOfActions(t *testing.T) {
	for _, lang := range []string{"en", "cy"} {
		own := messages(t, lang)
		for _, k := range action.Kinds() {
			if got, want := own[fmt.Sprint("kind.", k)][""], k.Label().In(lang); got != want {
				t.Errorf("%s: kind %s is %q, of actions %q", lang, k, got, want)
			}
		}
		for _, st := range action.Statuses() {
			if got, want := own[fmt.Sprint("status.", st)][""], st.Label().In(lang); got != want {
				t.Errorf("%s: status %s is %q, of actions %q", lang, st, got, want)
			}
		}
	}
}
