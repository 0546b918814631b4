package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/report"
)

// problem is an answer to a request that cannot be read, in the shape of
// RFC 9457. It never repeats what was sent.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Param  string `json:"param,omitempty"` // the member at fault
}

func newProblem(status int, param, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Param: param, Detail: detail}
}

func (p *problem) Error() string { return p.Title }

// onlyBy refuses every method but one.
func onlyBy(method string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Allow", method)
		return newProblem(http.StatusMethodNotAllowed, "", "Use "+method+" here.")
	}
}

// nothingHere answers for addresses below those of the interface.
func nothingHere(http.ResponseWriter, *http.Request) error {
	return newProblem(http.StatusNotFound, "", "There is nothing at this address: /api/openapi.json lists all.")
}

// maxReportBytes is ten times a report with every member.
const maxReportBytes = 8 << 10

// api wraps a handler of the JSON interface.
func (h *Handler) api(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.guard(w.Header())
		var err error
		if r.Method == http.MethodPost && crossSite(r) {
			err = newProblem(http.StatusForbidden, "", "Reports are not taken from pages of other sites.")
		} else {
			r.Body = http.MaxBytesReader(w, r.Body, maxReportBytes)
			err = serve(w, r)
		}
		if err == nil {
			return
		}
		var p *problem
		if !errors.As(err, &p) {
			p = newProblem(http.StatusServiceUnavailable, "", "The report could not be kept. Try again in a moment.")
		}
		writeBody(w, p.Status, "application/problem+json", mustJSON(p))
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("form: a plain struct is JSON: " + err.Error())
	}
	return b
}

// retryAfter is when a report that could not be kept may be sent again, in
// seconds: a database that restarts takes about as long.
const retryAfter = "30"

func writeBody(w http.ResponseWriter, status int, typ string, body []byte) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", typ)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone, and there is nobody else to tell
}

// postedReport is the body of POST /api/v1/reports.
type postedReport struct {
	Lat     *float64 `json:"lat"`
	Lng     *float64 `json:"lng"`
	Factors []string `json:"factors"`
	Day     string   `json:"day"`
	Daypart string   `json:"daypart"`
	Dark    string   `json:"dark"`
	Key     string   `json:"key"`
	Proof   string   `json:"proof"`
}

// received is the answer to every report that can be read.
var received = []byte(`{"status":"received"}`)

func (h *Handler) postReport(w http.ResponseWriter, r *http.Request) error {
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != "application/json" {
		return newProblem(http.StatusUnsupportedMediaType, "", "Expected a body of type application/json.")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return newProblem(http.StatusRequestEntityTooLarge, "", "Expected a report of at most 8 KiB.")
	}
	var p postedReport
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err = d.Decode(&p)
	if _, end := d.Token(); err != nil || end != io.EOF {
		return newProblem(http.StatusBadRequest, "", "Expected one JSON object with lat, lng and factors, and any of day, daypart, dark, key and proof.")
	}
	in, err := h.readPosted(p)
	if err != nil {
		return err
	}
	in.from, in.sender = h.client(r), r.Header.Get("X-Api-Key")
	if err := h.submit(r.Context(), in); err != nil {
		return asProblem(err)
	}
	writeBody(w, http.StatusAccepted, "application/json", received)
	return nil
}

func (h *Handler) readPosted(p postedReport) (in incoming, err error) {
	bad := func(param, expect string) (incoming, error) {
		return incoming{}, newProblem(http.StatusBadRequest, param, "Expected "+expect+".")
	}
	if p.Lat == nil || math.Abs(*p.Lat) > 90 {
		return bad("lat", "degrees between -90 and 90")
	}
	if p.Lng == nil || math.Abs(*p.Lng) > 180 {
		return bad("lng", "degrees between -180 and 180")
	}
	in.Lat, in.Lng = *p.Lat, *p.Lng
	for _, id := range p.Factors {
		f, err := report.ParseFactor(id)
		if err != nil {
			return bad("factors", "identifiers as /api/v1/factors lists them")
		}
		in.Factors = in.Factors.With(f)
	}
	if in.Day = h.today(); p.Day != "" {
		if in.Day, err = report.ParseDay(p.Day); err != nil {
			return bad("day", "a date as YYYY-MM-DD")
		}
	}
	if in.Daypart = report.UnknownDaypart; p.Daypart != "" {
		if in.Daypart, err = report.ParseDaypart(p.Daypart); err != nil {
			return bad("daypart", "night, morning, afternoon, evening or unknown")
		}
	}
	switch p.Dark {
	case "", "unknown":
	case "yes":
		in.Dark = report.DarkYes
	case "no":
		in.Dark = report.DarkNo
	default:
		return bad("dark", "yes, no or unknown")
	}
	if in.key = uuid.New(); p.Key != "" {
		if in.key, err = uuid.Parse(p.Key); err != nil || in.key.Version() != 4 || len(p.Key) != 36 {
			return bad("key", "a random UUID (version 4), the same when a report is sent again")
		}
	}
	in.proof = p.Proof
	return in, nil
}

// asProblem says what is wrong with a report without repeating it.
func asProblem(err error) error {
	var f *report.FieldError
	if !errors.As(err, &f) {
		return err
	}
	param := f.Field
	if param == "occurred_at" {
		param = "day"
	}
	return newProblem(http.StatusBadRequest, param, "Expected "+f.Expect+".")
}

// newChallenge is a proof of work with the key of the report that it is for.
type newChallenge struct {
	challenge
	Key uuid.UUID `json:"key"`
}

// getChallenge hands out a proof of work to do.
func (h *Handler) getChallenge(w http.ResponseWriter, _ *http.Request) error {
	key := uuid.New()
	writeBody(w, http.StatusOK, "application/json", mustJSON(newChallenge{h.proofs.challenge(key), key}))
	return nil
}
