package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/report"
)

// problem is an error that a client may read, in the shape of RFC 9457
// (Problem Details for HTTP APIs). Everything else that goes wrong is logged
// and answered with a bare 500.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Param  string `json:"param,omitempty"` // the URL parameter at fault
	Value  string `json:"value,omitempty"` // what it held

	retryAfter int // seconds; 0 to say nothing
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func newProblem(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

func badParam(param, value, expect string) *problem {
	p := newProblem(http.StatusBadRequest, "Parameter "+param+" is not valid: expected "+expect+".")
	p.Param, p.Value = param, value
	return p
}

// storeRetry is after how many seconds to ask for what the store was away for.
const storeRetry = 30

// asProblem is the one table from kinds of error to answers.
func asProblem(err error) (p *problem, known bool) {
	var pe *report.ParamError
	var refusal *access.Refusal
	switch {
	case errors.As(err, &p):
		return p, true
	case errors.As(err, &refusal):
		return refused(refusal), true
	case errors.As(err, &pe):
		return badParam(pe.Param, pe.Value, pe.Expect), true
	case access.StoreAway(err):
		p := newProblem(http.StatusServiceUnavailable, "The database cannot be reached just now: the map goes on, this does not. Nothing was kept. Try again in a moment.")
		p.retryAfter = storeRetry
		return p, true
	}
	return newProblem(http.StatusInternalServerError, "Something went wrong on our side. Try again in a moment."), false
}

// refused turns a refusal of the policy into an answer.
func refused(r *access.Refusal) *problem {
	switch r.Kind {
	case access.SignIn:
		return newProblem(http.StatusUnauthorized, r.Reason)
	case access.NoReason:
		p := newProblem(http.StatusBadRequest, r.Reason)
		p.Param = "reason"
		return p
	}
	return newProblem(http.StatusForbidden, r.Reason)
}

// handler is an HTTP handler that leaves the answer to an error to answer.
type handler func(http.ResponseWriter, *http.Request) error

func (s *Server) answer(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) || r.Context().Err() != nil {
		return // the client has gone
	}
	p, known := asProblem(err)
	if !known {
		s.log.Error("request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Title, p.Status)
		return
	}
	h := w.Header()
	for _, name := range []string{"ETag", "Content-Encoding", "Last-Modified", "Content-Disposition"} {
		h.Del(name)
	}
	if p.Status == http.StatusUnauthorized {
		// Not Basic, though tokens are taken that way too: browsers would ask for
		// a password in a window of their own.
		h.Set("WWW-Authenticate", `Bearer realm="StreetSafe"`)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may be gone, and there is nobody else to tell
}

func (s *Server) notFound(http.ResponseWriter, *http.Request) error {
	return newProblem(http.StatusNotFound, "There is nothing at this address. The map is at /hub, the API is described at /api/openapi.json.")
}

func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Allow", allowedMethods)
	if r.Method == http.MethodOptions {
		s.preflight(w.Header())
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return newProblem(http.StatusMethodNotAllowed, "Use GET or HEAD here.")
}

// preflightSeconds is how long a browser keeps the answer to a preflight: what
// is allowed only changes with a restart, and two hours is the most that
// Chromium keeps one.
const preflightSeconds = "7200"

// preflight answers a CORS preflight (Fetch Standard, 4.8) from an origin that
// allowOrigin has let in. Credentials are only taken from origins that the
// operator has listed: with * the map is open to everybody anyway.
func (s *Server) preflight(h http.Header) {
	origin := h.Get("Access-Control-Allow-Origin")
	if origin == "" {
		return
	}
	headers := "If-None-Match"
	if origin != "*" {
		headers += ", Authorization"
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", headers)
	h.Set("Access-Control-Max-Age", preflightSeconds)
}
