package form_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/form"
)

// The five things that may become of a report.
const (
	accepted    = "accepted"
	duplicate   = "duplicate"
	overLimit   = "over the limit"
	quarantined = "quarantined"
	outside     = "outside"
)

// answer is what somebody on the same Wi-Fi sees of an answer: its length, and
// all the rest if they can see inside.
type answer struct {
	status int
	head   http.Header
	length int
	body   string
	took   time.Duration
}

// sending is one way of sending a report.
type sending struct {
	key            uuid.UUID
	proof, outside bool
	from           string // network
}

type way func(*fixture, sending) *http.Response

func jsonWay(f *fixture, s sending) *http.Response {
	lat, lng := 51.3762, -0.0982
	if s.outside {
		lat, lng = 48.85, 2.35
	}
	proof := ""
	if s.proof {
		proof = f.SolvedProof(s.key)
	}
	return f.from(s.from, "/api/v1/reports", "application/json",
		fmt.Sprintf(`{"lat":%v,"lng":%v,"factors":["rundown"],"key":%q,"proof":%q}`, lat, lng, s.key, proof))
}

func formWay(f *fixture, s sending) *http.Response {
	v := url.Values{"s": {f.Draft(s.key, s.outside)}, "lang": {"en"}}
	if s.proof {
		v.Set("proof", f.SolvedProof(s.key))
	}
	return f.from(s.from, "/report/send", "application/x-www-form-urlencoded", v.Encode())
}

// open311Way gives no proof and no key, so that two of its outcomes are others.
func open311Way(f *fixture, s sending) *http.Response {
	v := url.Values{"lat": {"51.3762"}, "long": {"-0.0982"}, "service_code": {"rundown"}}
	if s.outside {
		v.Set("lat", "48.85")
	}
	return f.from(s.from, "/open311/v2/requests.xml", "application/x-www-form-urlencoded", v.Encode())
}

// from sends a body from a network.
func (f *fixture) from(address, target, contentType, body string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.RemoteAddr = address + ":1"
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return f.do(r)
}

// outcomes sends n reports of each kind in random order, to a store whose disk
// is slow now and then and knows at once what it has already.
func outcomes(t *testing.T, send way, n int, change func(*form.Config)) map[string][]answer {
	t.Helper()
	rnd := rand.New(rand.NewPCG(13, 2026))
	f := newFixture(t, func(c *form.Config, p *form.Parts) {
		c.Pace, p.Now = 0, time.Now // as operators have it
		change(c)
	})
	f.sink.delay = func(known bool) time.Duration {
		ms := 1 + rnd.IntN(60)
		if rnd.IntN(4) == 0 {
			ms = 300 + rnd.IntN(400)
		}
		if known {
			ms /= 2
		}
		return time.Duration(ms) * time.Millisecond
	}
	sent, network := []uuid.UUID{}, 0
	fresh := func() string { network++; return fmt.Sprintf("10.%d.%d.%d", network>>16, network>>8&255, network&255) }
	one := func(kind string) answer {
		s := sending{key: uuid.New(), proof: kind != quarantined, outside: kind == outside, from: fresh()}
		switch kind {
		case duplicate:
			s.key = sent[rnd.IntN(len(sent))]
		case overLimit:
			s.from = "192.0.2.1"
		case accepted:
			sent = append(sent, s.key)
		}
		start := time.Now()
		r := send(f, s)
		took, body := time.Since(start), read(t, r)
		return answer{r.StatusCode, r.Header, len(body), body, took}
	}
	for range 100 { // until there is something known, the disk has been slow, and the network has had its hour
		one(accepted)
		one(overLimit)
	}
	out := map[string][]answer{}
	kinds := slices.Repeat([]string{accepted, duplicate, overLimit, quarantined, outside}, n)
	rnd.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	before := f.sink.calls
	for _, kind := range kinds {
		out[kind] = append(out[kind], one(kind))
	}
	if got := f.sink.calls - before; got != 4*n {
		t.Errorf("the store was given %d reports, expected %d: the outcomes are not what they are called", got, 4*n)
	}
	held := map[string]int{}
	for _, s := range f.sink.all() {
		held[s.Quarantine]++
	}
	if held[form.QuarantineNoProof] < n || held[form.QuarantineOverLimit] < n {
		t.Errorf("held back: %v, expected %d of each kind", held, n)
	}
	return out
}

// tell says what tells two kinds of answers apart, "" for nothing. Their times
// are compared by the greatest distance between their distributions, of
// Kolmogorov and Smirnov; 0.12 is what 400 of each differ by in one case of a
// hundred when nothing tells them apart (1.63 * sqrt(2/400)).
func tell(a, b []answer) string {
	const tolerance = 0.12
	what := func(x answer) string {
		head := x.head.Clone()
		head.Set("Location", fmt.Sprint(len(head.Get("Location")))) // its token is random, and as long
		names := slices.Sorted(maps.Keys(head))
		text := fmt.Sprintln(x.status, x.length)
		for _, name := range names {
			text += fmt.Sprintln(name, head[name])
		}
		return text
	}
	for _, x := range append(slices.Clone(a), b...) {
		if got, want := what(x), what(a[0]); got != want {
			return fmt.Sprintf("%s\nand\n%s", want, got)
		}
	}
	if d := distance(a, b); d > tolerance {
		return fmt.Sprintf("times whose distributions are %.3f apart", d)
	}
	return ""
}

func distance(a, b []answer) (most float64) {
	times := func(of []answer) []float64 {
		out := make([]float64, len(of))
		for i, x := range of {
			out[i] = x.took.Seconds()
		}
		slices.Sort(out)
		return out
	}
	x, y := times(a), times(b)
	share := func(of []float64, at float64) float64 {
		return float64(sort.Search(len(of), func(i int) bool { return of[i] > at })) / float64(len(of))
	}
	for _, at := range append(slices.Clone(x), y...) {
		most = max(most, share(x, at)-share(y, at), share(y, at)-share(x, at))
	}
	return most
}

// T13: nobody who sees an answer can tell which of the five it was, by status,
// headers, length or time, whichever way the report came.
func TestSubmission_outcomesLookAlike(t *testing.T) {
	places(t)
	for name, send := range map[string]way{"json": jsonWay, "form": formWay} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := outcomes(t, send, 400, func(*form.Config) {})
				for kind, answers := range got {
					if got := tell(got[accepted], answers); got != "" {
						t.Errorf("%s can be told from accepted by %s", kind, got)
					}
					if name == "json" && answers[0].body != got[accepted][0].body {
						t.Errorf("%s is answered by %s", kind, answers[0].body)
					}
				}
				if status := got[accepted][0].status; status != http.StatusAccepted && name == "json" {
					t.Errorf("status %d", status)
				}
			})
		})
	}
	t.Run("open311", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, func(c *form.Config, p *form.Parts) { c.Pace, p.Now = 0, time.Now })
			f.sink.delay = func(bool) time.Duration { return 37 * time.Millisecond }
			var all []answer
			for i := range 24 { // held back, over the limit, and outside
				start := time.Now()
				r := open311Way(f, sending{outside: i%3 == 0, from: "192.0.2.1"})
				all = append(all, answer{r.StatusCode, r.Header, len(read(t, r)), "", time.Since(start)})
			}
			if got := tell(all[:1], all); got != "" || all[0].status != http.StatusAccepted {
				t.Errorf("%d, told apart by %s", all[0].status, got)
			}
		})
	})
}

// What would give an outcome away must be seen, else the test above proves
// nothing.
func TestSubmission_outcomesLookAlike_planted(t *testing.T) {
	places(t)
	synctest.Test(t, func(t *testing.T) {
		hasty := outcomes(t, jsonWay, 400, func(c *form.Config) { c.Pace = -1 })
		for _, kind := range []string{duplicate, outside} {
			if tell(hasty[accepted], hasty[kind]) == "" {
				t.Errorf("answers that leave at once do not tell %s from accepted", kind)
			}
		}
		if got := tell(hasty[accepted], hasty[overLimit]); got != "" {
			t.Errorf("the store takes as long for both, and yet they are told apart by %s", got)
		}
	})
	same := func() []answer {
		return slices.Repeat([]answer{{status: 202, head: http.Header{"Content-Type": {"application/json"}}, length: 21, took: 400 * time.Millisecond}}, 400)
	}
	if got := tell(same(), same()); got != "" {
		t.Errorf("the same answers are told apart by %s", got)
	}
	for name, spoil := range map[string]func(*answer){
		"status": func(a *answer) { a.status = 200 },
		"length": func(a *answer) { a.length++ },
		"header": func(a *answer) { a.head = http.Header{"Content-Type": {"application/json"}, "X-Held": {""}} },
		"address": func(a *answer) {
			a.head = http.Header{"Content-Type": {"application/json"}, "Location": {"/report/gone"}}
		},
	} {
		bad := same()
		spoil(&bad[399])
		if tell(same(), bad) == "" {
			t.Errorf("another %s of one answer in 400 is not seen", name)
		}
	}
	slow := same()
	for i := range 50 {
		slow[i].took = 800 * time.Millisecond
	}
	if tell(same(), slow) == "" {
		t.Error("that one in eight takes longer is not seen")
	}
}
