package server

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the zone must be there on a machine without a zone database

	"github.com/streetsafe/streetsafe/internal/report"
)

var ukZone = mustZone("Europe/London")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic("time/tzdata is linked in and must hold " + name + ": " + err.Error())
	}
	return z
}

// parseQuery reads the query string and refuses parameters that the route does
// not know, so that nobody can split or fill the cache with them.
func parseQuery(r *http.Request, known ...string) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	v, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, "The query string cannot be read: escape special characters with %XX.")
	}
	for name, values := range v {
		if !slices.Contains(known, name) {
			return nil, unknownParam(name, values[0], known)
		}
		if len(values) > 1 {
			return nil, badParam(name, strings.Join(values, "&"), "the parameter once, values separated by commas")
		}
	}
	return v, nil
}

func unknownParam(name, value string, known []string) *problem {
	takes := "none"
	if len(known) > 0 {
		takes = strings.Join(known, ", ")
	}
	p := newProblem(http.StatusBadRequest, "Unknown parameter "+name+": this address takes "+takes+".")
	p.Param, p.Value = name, value
	return p
}

// withFilter returns the filter parameters and the given ones.
func withFilter(names ...string) []string { return append(report.FilterParams(), names...) }

// intParam reads a whole number between lo and hi, or returns def when the
// parameter is absent.
func intParam(v url.Values, name string, def, lo, hi int) (int, error) {
	s := v.Get(name)
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi {
		return 0, badParam(name, s, "a whole number from "+strconv.Itoa(lo)+" to "+strconv.Itoa(hi))
	}
	return n, nil
}
