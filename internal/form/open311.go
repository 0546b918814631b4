package form

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"math"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2), so that applications of
// councils can send what they take. Each factor is a service. Whatever a
// request says of a person, and its description, is never read.

type service struct {
	XMLName     xml.Name `json:"-" xml:"service"`
	Code        string   `json:"service_code" xml:"service_code"`
	Name        string   `json:"service_name" xml:"service_name"`
	Description string   `json:"description" xml:"description"`
	Metadata    bool     `json:"metadata" xml:"metadata"`
	Type        string   `json:"type" xml:"type"`
	Keywords    string   `json:"keywords" xml:"keywords"`
	Group       string   `json:"group" xml:"group"`
}

type serviceList struct {
	XMLName  xml.Name  `xml:"services"`
	Services []service `xml:"service"`
}

type requestReceived struct {
	XMLName xml.Name `json:"-" xml:"request"`
	ID      string   `json:"service_request_id" xml:"service_request_id"`
	Notice  string   `json:"service_notice" xml:"service_notice"`
	Account string   `json:"account_id" xml:"account_id"`
}

type requestList struct {
	XMLName  xml.Name          `xml:"service_requests"`
	Requests []requestReceived `xml:"request"`
}

type open311Error struct {
	XMLName     xml.Name `json:"-" xml:"error"`
	Code        int      `json:"code" xml:"code"`
	Description string   `json:"description" xml:"description"`
}

type open311Errors struct {
	XMLName xml.Name       `xml:"errors"`
	Errors  []open311Error `xml:"error"`
}

type discovery struct {
	XMLName    xml.Name   `json:"-" xml:"discovery"`
	Changeset  string     `json:"changeset" xml:"changeset"`
	Contact    string     `json:"contact" xml:"contact"`
	KeyService string     `json:"key_service" xml:"key_service"`
	Endpoints  []endpoint `json:"endpoints" xml:"endpoints>endpoint"`
}

type endpoint struct {
	Specification string   `json:"specification" xml:"specification"`
	URL           string   `json:"url" xml:"url"`
	Changeset     string   `json:"changeset" xml:"changeset"`
	Type          string   `json:"type" xml:"type"`
	Formats       []string `json:"formats" xml:"formats>format"`
}

// open311Changeset says when the list of services last changed.
const open311Changeset = "2026-11-01T00:00:00Z"

func services() (list []service) {
	for _, f := range report.AllFactorsList() {
		list = append(list, service{Code: f.ID(), Name: f.Short(), Description: f.Label(), Type: "realtime",
			Keywords: f.Group().ID(), Group: f.Group().Label()})
	}
	return list
}

// open311Answer is what one request gets: a document, or a complaint.
type open311Answer struct {
	status        int
	asJSON, asXML any
}

func open311Complaint(status int, text string) open311Answer {
	list := []open311Error{{Code: status, Description: text}}
	return open311Answer{status, list, open311Errors{Errors: list}}
}

// open311 wraps a handler of one kind of address. name is the address without
// its ending, which says the format; without one the answer is JSON.
func (h *Handler) open311(serve func(r *http.Request, name string) open311Answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.guard(w.Header())
		name, format := splitFormat(path.Base(r.URL.Path))
		a := open311Complaint(http.StatusNotFound, "There is nothing at this address: name a format, as in services.json or requests.xml.")
		if format != "" {
			r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
			a = serve(r, name)
		}
		if format != "xml" {
			writeBody(w, a.status, "application/json; charset=utf-8", mustJSON(a.asJSON))
			return
		}
		body, err := xml.MarshalIndent(a.asXML, "", " ")
		if err != nil {
			panic("form: a plain struct is XML: " + err.Error())
		}
		writeBody(w, a.status, "text/xml; charset=utf-8", append([]byte(xml.Header), body...))
	}
}

func (h *Handler) open311Get(r *http.Request, name string) open311Answer {
	switch name {
	case "services":
		list := services()
		return open311Answer{http.StatusOK, list, serviceList{Services: list}}
	case "discovery":
		d := discovery{Changeset: open311Changeset, Contact: h.base(r) + pathStart, KeyService: "Keys are given by the operator of this site.",
			Endpoints: []endpoint{{Specification: "http://wiki.open311.org/GeoReport_v2", URL: h.base(r) + strings.TrimSuffix(pathOpen311, "/"),
				Changeset: open311Changeset, Type: "production", Formats: []string{"application/json", "text/xml"}}}}
		return open311Answer{http.StatusOK, d, d}
	case "requests":
		return open311Complaint(http.StatusForbidden, "Single reports are never given out.")
	}
	return open311Complaint(http.StatusNotFound, "There is nothing at this address: ask for services or discovery.")
}

// open311Definition answers for one service. None has attributes.
func (h *Handler) open311Definition(*http.Request, string) open311Answer {
	return open311Complaint(http.StatusNotFound, "The services of this site have no further attributes.")
}

// open311Other answers for addresses and methods that are none of the others'.
func (h *Handler) open311Other(*http.Request, string) open311Answer {
	return open311Complaint(http.StatusNotFound, "There is nothing at this address by this method: GET v2/services or v2/discovery, POST v2/requests.")
}

func (h *Handler) open311Post(r *http.Request, name string) open311Answer {
	switch {
	case name != "requests":
		return open311Complaint(http.StatusNotFound, "There is nothing at this address: send to requests.")
	case crossSite(r):
		return open311Complaint(http.StatusForbidden, "Reports are not taken from pages of other sites.")
	}
	if err := r.ParseForm(); err != nil {
		return open311Complaint(http.StatusBadRequest, "The body cannot be read: expected a form of at most 16 KiB.")
	}
	in, complaint := h.readOpen311(r)
	if complaint != "" {
		return open311Complaint(http.StatusBadRequest, complaint)
	}
	switch err := h.submit(r.Context(), in); {
	case errors.Is(err, errSink):
		return open311Complaint(http.StatusServiceUnavailable, "The report could not be kept. Try again in a moment.")
	case err != nil:
		return open311Complaint(http.StatusBadRequest, "The report is not valid.")
	}
	// Clients want a number to show. This one is made up on the spot and opens
	// nothing.
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	list := []requestReceived{{ID: hex.EncodeToString(id[:]), Notice: "Received. Reports are anonymous and cannot be looked up."}}
	return open311Answer{http.StatusAccepted, list, requestList{Requests: list}}
}

// readOpen311 reads where and which service, and nothing else.
func (h *Handler) readOpen311(r *http.Request) (in incoming, complaint string) {
	lat, err1 := strconv.ParseFloat(r.PostForm.Get("lat"), 64)
	lng, err2 := strconv.ParseFloat(r.PostForm.Get("long"), 64)
	if err1 != nil || err2 != nil || !(math.Abs(lat) <= 90 && math.Abs(lng) <= 180) {
		return in, "Expected lat and long in degrees; addresses are not looked up."
	}
	for code := range strings.SplitSeq(r.PostForm.Get("service_code"), ",") {
		f, err := report.ParseFactor(code)
		if err != nil {
			return in, "Expected a service_code of the list of services."
		}
		in.Factors = in.Factors.With(f)
	}
	in.Lat, in.Lng, in.Day, in.Daypart = lat, lng, h.today(), report.UnknownDaypart
	in.key, in.from, in.sender = uuid.New(), h.client(r), r.PostForm.Get("api_key")
	return in, ""
}

// splitFormat takes "services.xml" apart; format is "" for other endings.
func splitFormat(file string) (name, format string) {
	switch ext := path.Ext(file); ext {
	case ".json", ".xml":
		return strings.TrimSuffix(file, ext), ext[1:]
	}
	return file, ""
}
