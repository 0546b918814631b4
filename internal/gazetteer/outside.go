package gazetteer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	outsideTimeout = 5 * time.Second
	outsideLife    = 24 * time.Hour // of an answer in the cache
	outsideCache   = 2000           // answers that are kept

	// outsidePause lies between two questions: the policy of the public
	// Nominatim allows one a second.
	outsidePause = time.Second

	maxOutsideBytes = 1 << 20
)

// OutsideConfig is a gazetteer of another host.
type OutsideConfig struct {
	Kind        string       // "nominatim" or "photon"
	URL         string       // such as https://nominatim.example
	Attribution string       // shown with its answers
	Country     string       // two letters that Nominatim keeps to, such as "gb"; "" for all
	Client      *http.Client // nil for one with a timeout
}

// Outside asks a gazetteer of another host on behalf of visitors, from the
// server: the other host learns what is looked for, and never by whom. Answers
// are kept for a day.
type Outside struct {
	cfg  OutsideConfig
	now  func() time.Time
	turn chan struct{} // holds one token: whoever has it may ask

	mu     sync.Mutex // guards answer
	answer map[string]outsideAnswer
}

type outsideAnswer struct {
	places []Place
	until  time.Time
}

// NewOutside returns a gazetteer of another host.
func NewOutside(cfg OutsideConfig) (*Outside, error) {
	if cfg.Kind != "nominatim" && cfg.Kind != "photon" {
		return nil, fmt.Errorf("gazetteer: kind %q: expected nominatim or photon", cfg.Kind)
	}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("gazetteer: address %q: expected one such as https://nominatim.example", cfg.URL)
	}
	if cfg.Attribution == "" {
		return nil, errors.New("gazetteer: an outside gazetteer needs an attribution")
	}
	cfg.URL = strings.TrimSuffix(cfg.URL, "/")
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: outsideTimeout}
	}
	o := &Outside{cfg: cfg, now: time.Now, turn: make(chan struct{}, 1), answer: map[string]outsideAnswer{}}
	o.turn <- struct{}{}
	return o, nil
}

// Attribution is the text that has to be shown wherever answers are.
func (o *Outside) Attribution() string { return o.cfg.Attribution }

// Search returns at most limit places. Errors never hold the question.
func (o *Outside) Search(ctx context.Context, q string, limit int) ([]Place, error) {
	key := fold(q)
	if key == "" || len(q) > maxQueryBytes || limit <= 0 {
		return nil, nil
	}
	if places, ok := o.known(key); ok {
		return places[:min(len(places), limit)], nil
	}
	select {
	case <-o.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer time.AfterFunc(outsidePause, func() { o.turn <- struct{}{} })
	if places, ok := o.known(key); ok { // asked by the one before
		return places[:min(len(places), limit)], nil
	}
	places, err := o.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	o.keep(key, places)
	return places[:min(len(places), limit)], nil
}

func (o *Outside) known(key string) ([]Place, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, ok := o.answer[key]
	if !ok || o.now().After(a.until) {
		return nil, false
	}
	return a.places, true
}

func (o *Outside) keep(key string, places []Place) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for k := range o.answer { // any one: the cache is a courtesy to the other host
		if len(o.answer) < outsideCache {
			break
		}
		delete(o.answer, k)
	}
	o.answer[key] = outsideAnswer{places, o.now().Add(outsideLife)}
}

const outsideLimit = 10

func (o *Outside) ask(ctx context.Context, q string) ([]Place, error) {
	v := url.Values{"q": {q}, "limit": {strconv.Itoa(outsideLimit)}}
	target := o.cfg.URL + "/api?"
	if o.cfg.Kind == "nominatim" {
		target = o.cfg.URL + "/search?"
		v.Set("format", "jsonv2")
		if o.cfg.Country != "" {
			v.Set("countrycodes", o.cfg.Country)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target+v.Encode(), nil)
	if err != nil {
		return nil, errors.New("gazetteer: the question cannot be asked")
	}
	r.Header.Set("User-Agent", "StreetSafe")
	resp, err := o.cfg.Client.Do(r)
	if err != nil {
		// The text of err holds the address, and so the question.
		return nil, errors.New("gazetteer: the outside gazetteer does not answer")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxOutsideBytes))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("gazetteer: the outside gazetteer answers with status %d", resp.StatusCode)
	}
	if o.cfg.Kind == "nominatim" {
		return parseNominatim(body)
	}
	return parsePhoton(body)
}

// KindPlace is a place of an outside gazetteer, whose kinds are not ours.
const KindPlace = "place"

// parseNominatim reads an answer of /search?format=jsonv2
// (nominatim.org/release-docs/latest/api/Search).
func parseNominatim(body []byte) ([]Place, error) {
	var list []struct {
		Lat     string `json:"lat"`
		Lng     string `json:"lon"`
		Name    string `json:"name"`
		Display string `json:"display_name"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, errors.New("gazetteer: the answer of Nominatim cannot be read")
	}
	var places []Place
	for _, x := range list {
		lat, err1 := strconv.ParseFloat(x.Lat, 64)
		lng, err2 := strconv.ParseFloat(x.Lng, 64)
		first, rest, _ := strings.Cut(x.Display, ", ")
		if x.Name == "" {
			x.Name = first
		}
		if err1 == nil && err2 == nil {
			places = appendPlace(places, Place{Name: x.Name, Admin: rest, Lat: lat, Lng: lng})
		}
	}
	return places, nil
}

// parsePhoton reads an answer of /api (github.com/komoot/photon), a GeoJSON
// FeatureCollection.
func parsePhoton(body []byte) ([]Place, error) {
	var list struct {
		Features []struct {
			Geometry struct {
				Coordinates []float64 `json:"coordinates"`
			} `json:"geometry"`
			Properties struct {
				Name, Street, District, City, County, State string
				Number                                      string `json:"housenumber"`
			} `json:"properties"`
		} `json:"features"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, errors.New("gazetteer: the answer of Photon cannot be read")
	}
	var places []Place
	for _, f := range list.Features {
		p := f.Properties
		name := p.Name
		if name == "" {
			name = strings.TrimSpace(p.Number + " " + p.Street)
		}
		var admin []string
		for _, s := range []string{p.District, p.City, p.County, p.State} {
			if s != "" && s != name && (len(admin) == 0 || admin[len(admin)-1] != s) {
				admin = append(admin, s)
			}
		}
		if c := f.Geometry.Coordinates; len(c) >= 2 {
			places = appendPlace(places, Place{Name: name, Admin: strings.Join(admin, ", "), Lat: c[1], Lng: c[0]})
		}
	}
	return places, nil
}

// appendPlace adds what is a place on earth with a name.
func appendPlace(places []Place, p Place) []Place {
	if p.Name == "" || !(p.Lat >= -90 && p.Lat <= 90 && p.Lng >= -180 && p.Lng <= 180) {
		return places
	}
	p.Kind, p.Zoom = KindPlace, 17
	return append(places, p)
}
