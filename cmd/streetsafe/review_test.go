package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/bits"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/review"
	"github.com/streetsafe/streetsafe/internal/store"
)

// sender is somebody without a browser, behind a proxy that names their address.
type sender struct {
	t       *testing.T
	base    string
	address string
	agent   string // "" for that of the library
	at      string // path of the page, and the page
	page    string
}

// do follows redirects and returns the last answer.
func (s *sender) do(method, path, contentType, body string) (*http.Response, string) {
	s.t.Helper()
	for range 4 {
		req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", s.address)
		if s.agent != "" {
			req.Header.Set("User-Agent", s.agent)
		}
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
			req.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			s.t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		if resp.StatusCode != http.StatusSeeOther {
			s.at, s.page = path, html.UnescapeString(string(raw))
			return resp, string(raw)
		}
		method, path, contentType, body = http.MethodGet, resp.Header.Get("Location"), "", ""
	}
	s.t.Fatalf("%s redirects for ever", path)
	return nil, ""
}

var hiddenField = regexp.MustCompile(`type="hidden" name="([a-z]+)" value="([^"]*)"`)

// submit sends the form of the page with answers, names and values in turn.
func (s *sender) submit(want string, answers ...string) {
	s.t.Helper()
	path, _, _ := strings.Cut(s.at, "?")
	if path == "/report/check" {
		path = "/report/send"
	}
	v := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(s.page, -1) {
		v.Set(m[1], m[2])
	}
	for i := 0; i < len(answers); i += 2 {
		v.Add(answers[i], answers[i+1])
	}
	resp, _ := s.do(http.MethodPost, path, "application/x-www-form-urlencoded", v.Encode())
	if got, _, _ := strings.Cut(s.at, "?"); got != want || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("from %s to %s with status %d, want %s:\n%.1500s", path, s.at, resp.StatusCode, want, s.page)
	}
}

// proof solves a proof of work, as a program does, and returns it with the key
// of the report that it is for.
func (s *sender) proof() (answer, key string) {
	s.t.Helper()
	var c struct {
		Challenge, Key string
		Bits           int
	}
	_, body := s.do(http.MethodGet, "/api/v1/challenge", "", "")
	if err := json.Unmarshal([]byte(body), &c); err != nil || c.Bits == 0 {
		s.t.Fatalf("challenge %s: %v", body, err)
	}
	return solve(c.Challenge, c.Bits), c.Key
}

var pageChallenge = regexp.MustCompile(`data-challenge="([^"]+)" data-bits="(\d+)"`)

// pageProof solves the proof of work of the page, as its script does.
func (s *sender) pageProof() string {
	s.t.Helper()
	m := pageChallenge.FindStringSubmatch(s.page)
	if m == nil {
		s.t.Fatalf("%s has no challenge:\n%.1500s", s.at, s.page)
	}
	zeros, err := strconv.Atoi(m[2])
	if err != nil {
		s.t.Fatal(err)
	}
	return solve(m[1], zeros)
}

// solve finds a counter so that the hash begins with so many zero bits.
func solve(challenge string, zeros int) string {
	for i := 0; ; i++ {
		answer := fmt.Sprintf("%s.%d", challenge, i)
		sum := sha256.Sum256([]byte(answer))
		if bits.LeadingZeros32(uint32(sum[0])<<24|uint32(sum[1])<<16|uint32(sum[2])<<8|uint32(sum[3])) >= zeros {
			return answer
		}
	}
}

// fillIn goes through the whole form and says something of the sender at its
// end. It returns the page behind the place code.
func (s *sender) fillIn(factor string, script bool) (place string) {
	s.t.Helper()
	s.do(http.MethodGet, "/report/where", "", "")
	s.submit("/report/place", "lat", "51.376278", "lng", "-0.098265")
	s.submit("/report/people", "factor", factor)
	s.submit("/report/when", "factor", "none")
	s.submit("/report/check", "day", "today", "daypart", "night")
	proof := ""
	if script {
		proof = s.pageProof()
	}
	s.submit("/report/sent", "proof", proof)
	s.do(http.MethodGet, strings.Replace(s.at, "/sent", "/about", 1), "", "")
	s.submit("/report/done", "age", "25_34", "sex", "female")
	code := regexp.MustCompile(`/place/[A-Z0-9-]+`).FindString(s.page)
	if resp, _ := s.do(http.MethodGet, code, "", ""); code == "" || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("the place code %q: status %d", code, resp.StatusCode)
	}
	return s.page
}

// api sends a report as a program does and returns all that its answer tells.
func (s *sender) api(lat float64, key, factor, proof string) (answer string) {
	s.t.Helper()
	resp, body := s.do(http.MethodPost, "/api/v1/reports", "application/json",
		fmt.Sprintf(`{"lat":%v,"lng":-0.0982,"factors":[%q],"key":%q,"proof":%q}`, lat, factor, key, proof))
	resp.Header.Del("Date")
	return fmt.Sprintln(resp.StatusCode, resp.ContentLength, resp.Header, body)
}

// The whole form, without a browser: what is accepted appears when its time has
// come, what is held back only once it was reviewed, and no answer tells which.
func TestForm_endToEnd(t *testing.T) {
	for _, mode := range []string{"demo", "serve"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel() // it waits most of the time: answers are paced
			s := storage{dir: t.TempDir()}
			args := []string{mode, "--data", s.dir, "--trusted-proxy", "127.0.0.0/8", "--proof-bits", "8"}
			if mode == "demo" {
				args = append(args, "--reports", "200")
			} else {
				mustRun(t, "migrate", "up", "--data", s.dir)
			}
			base, _, stop := startServer(t, args...)
			sendAll(t, base)
			stop()
			reviewAll(t, s)
		})
	}
}

// sendAll sends five reports that are accepted for bad lighting, two without
// proof for a run-down place, twelve of one network for isolation, of which two
// are over the limit, and one from outside.
func sendAll(t *testing.T, base string) {
	t.Helper()
	for i := range 4 {
		s := &sender{t: t, base: base, address: fmt.Sprintf("192.0.2.%d", i)}
		if place := s.fillIn("badly_lit", true); strings.Contains(place, "<table") {
			t.Error("a place has figures before there is a release")
		}
	}
	noScript := &sender{t: t, base: base, address: "192.0.2.100"}
	noScript.fillIn("rundown", false)

	good := &sender{t: t, base: base, address: "192.0.2.200"}
	busy := &sender{t: t, base: base, address: "192.0.2.201"}
	answers := map[string]string{}
	proof, key := good.proof()
	answers["accepted"] = good.api(51.3762, key, "badly_lit", proof)
	answers["duplicate"] = good.api(51.3762, key, "badly_lit", proof)
	answers["quarantined"] = good.api(51.3762, "", "rundown", "")
	proof, key = good.proof()
	answers["outside"] = good.api(48.8566, key, "badly_lit", proof)
	for range 12 {
		proof, key = busy.proof()
		answers["over the limit"] = busy.api(51.3762, key, "isolated", proof)
	}
	for kind, answer := range answers {
		if answer != answers["accepted"] || !strings.HasPrefix(answer, "202 ") {
			t.Errorf("%s is answered with\n%s\naccepted with\n%s", kind, answer, answers["accepted"])
		}
	}
}

// formFactors lists the factors of what is published of the form.
func formFactors(t *testing.T, st store.Store) []string {
	t.Helper()
	var all []string
	err := st.Export(t.Context(), formSource, func(records []report.Record) error {
		for _, r := range records {
			all = append(all, r.Factors.String())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func reviewAll(t *testing.T, s storage) {
	t.Helper()
	st := openAt(t, s, daysAgo(-9))
	publish := func(want ...string) {
		t.Helper()
		if _, err := st.Publish(t.Context(), store.DefaultSchedule()); err != nil {
			t.Fatal(err)
		}
		if got := formFactors(t, st); !slices.Equal(got, want) {
			t.Errorf("published: %v, want %v", got, want)
		}
	}
	list := func() map[string]int64 {
		t.Helper()
		var lines []heldJSON
		if err := json.Unmarshal([]byte(mustRun(t, "review", "list", "--data", s.dir, "--json")), &lines); err != nil {
			t.Fatal(err)
		}
		held := map[string]int64{}
		for _, l := range lines {
			held[l.Reason] += l.Reports
			if l.Near == "" || l.Spots < 1 || l.Kinds != 1 {
				t.Errorf("held: %+v", l)
			}
		}
		return held
	}
	accepted := []string{"badly_lit", "isolated"} // the first ten of an hour are accepted
	publish(accepted...)
	if got, want := list(), map[string]int64{"no_proof": 2, "over_limit": 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("held back: %v, want %v", got, want)
	}
	for _, args := range [][]string{{"release", "--all"}, {"drop", "--reason", "x"}, {"release", "--reason", "x", "--area", "x"},
		{"drop", "--reason", "x", "--held-for", "y"}, {"drop", "--reason", "x", "--from", "2026-01-01"}, {"drop", "--reason", "x", "--day", "today"}} {
		if _, _, err := run(t, append([]string{"review", "--data", s.dir}, args...)...); err == nil {
			t.Errorf("review %v succeeded", args)
		}
	}
	today := report.DayOf(time.Now().UTC()).String()
	if out := mustRun(t, "review", "release", "--data", s.dir, "--held-for", "no_proof", "--reason", "as always"); !strings.HasPrefix(out, "2 reports released") {
		t.Errorf("got %s", out)
	}
	publish("badly_lit", "isolated", "rundown")
	if out := mustRun(t, "review", "drop", "--data", s.dir, "--area", "85194ad3fffffff", "--from", "2020-01-01", "--to", "2020-02-01", "--reason", "one spot"); !strings.HasPrefix(out, "0 ") {
		t.Errorf("got %s", out)
	}
	if out := mustRun(t, "review", "drop", "--data", s.dir, "--all", "--reason", "a flood of "+today); !strings.HasPrefix(out, "2 reports dropped") {
		t.Errorf("got %s", out)
	}
	if out := mustRun(t, "review", "list", "--data", s.dir); !strings.Contains(out, "nothing is held back") {
		t.Errorf("got %s", out)
	}
	publish("badly_lit", "isolated", "rundown")
	if out := mustRun(t, "audit", "list", "--data", s.dir); !strings.Contains(out, "review release held-for no_proof") || !strings.Contains(out, "one spot") {
		t.Errorf("the audit log lacks the reviews: %s", out)
	}
	weights := map[int]int{}
	if _, err := st.Receipts(context.Background(), func(r store.Receipt) error {
		weights[r.Weight]++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// Five lit badly, one of the busy network and both without proof; the other
	// nine of the busy network repeat the first.
	if want := map[int]int{1: 8, 0: 9}; !reflect.DeepEqual(weights, want) {
		t.Errorf("weights %v, want %v", weights, want)
	}
	wantExactly(t, st, mustCount(t, st), 0)
}

func mustCount(t *testing.T, st store.Store) int64 {
	t.Helper()
	n, err := countAll(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The form and the review name the reasons alike.
func TestReview_reasons(t *testing.T) {
	if form.QuarantineNoProof != review.NoProof || form.QuarantineOverLimit != review.OverLimit {
		t.Error("the form holds reports back for reasons that the review does not know")
	}
}
