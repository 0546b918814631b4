package attack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"

	"github.com/streetsafe/streetsafe/internal/release/public"
)

// crawl reads everything that a site makes public: through the web server where
// it has one.
func crawl(s Site) (string, error) {
	v, ok := s.(*vaultSite)
	if !ok {
		return s.Read()
	}
	h, err := public.NewHandler(v.publicDir())
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, p := range h.Paths() {
		for _, coding := range []string{"", "gzip", "br"} {
			fmt.Fprintln(sum, p, coding, answer(h, http.MethodGet, p, coding))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// answer is everything that a client sees of an answer, but for the date.
func answer(h http.Handler, method, target, coding string) string {
	r := httptest.NewRequest(method, "http://public.test/", nil)
	u, err := url.Parse("http://public.test" + target)
	if err != nil {
		return "no URL"
	}
	r.URL = u
	if coding != "" {
		r.Header.Set("Accept-Encoding", coding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var lines []string
	for k, v := range w.Header() {
		lines = append(lines, k+": "+strings.Join(v, ", "))
	}
	sort.Strings(lines)
	body := sha256.Sum256(w.Body.Bytes())
	return fmt.Sprintf("%d\n%s\n%x", w.Code, strings.Join(lines, "\n"), body)
}

// fuzzPaths asks for paths and queries that are near to those published, and
// holds all answers to one.
func fuzzPaths(ctx context.Context, dir string, cases int) (string, error) {
	h, err := public.NewHandler(dir)
	if err != nil {
		return "", err
	}
	paths := h.Paths()
	known := map[string]bool{}
	for _, p := range paths {
		known[p] = true
	}
	r := random(23)
	want := answer(h, http.MethodGet, "/nothing-here", "")
	const letters = "abz019/._-%?&=;~ \x00é"
	asked := 0
	for range cases {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		target := []byte(paths[r.IntN(len(paths))])
		method := http.MethodGet
		switch r.IntN(7) {
		case 0: // a query string on a path that exists
			target = append(target, "?since="+string(letters[r.IntN(6)])...)
		case 1:
			target = append(target, '?')
		case 2: // another spelling of it
			i := 1 + r.IntN(len(target)-1)
			target = []byte(string(target[:i]) + fmt.Sprintf("%%%02X", target[i]) + string(target[i+1:]))
		case 3:
			method = []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}[r.IntN(5)]
		case 4:
			target = append([]byte(strings.Repeat("/..", r.IntN(4))+"/"), target...)
		default:
			for range 1 + r.IntN(4) {
				target[1+r.IntN(len(target)-1)] = letters[r.IntN(len(letters))]
			}
		}
		u, err := url.Parse("http://public.test" + string(target))
		if err != nil || known[u.Path] && method == http.MethodGet && u.RawQuery == "" && !u.ForceQuery && u.RawPath == "" {
			continue // no request can be made of it, or it is a published path
		}
		asked++
		if got := answer(h, method, string(target), "gzip"); got != want {
			return "", fmt.Errorf("%s %q is answered with\n%s\ninstead of\n%s", method, target, got, want)
		}
	}
	if asked < cases/2 {
		return "", fmt.Errorf("only %d of %d cases were requests", asked, cases)
	}
	return fmt.Sprintf("%d requests, one answer", asked), nil
}
