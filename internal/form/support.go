package form

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/streetsafe/streetsafe/internal/words"
)

// SupportService is somebody who helps, as the last page names them. Texts are
// by language tag; English must be there.
type SupportService struct {
	ID        string            `json:"id"`
	Name      map[string]string `json:"name"`
	Text      map[string]string `json:"text"`
	Phone     string            `json:"phone,omitempty"`
	URL       string            `json:"url,omitempty"`
	Emergency bool              `json:"emergency,omitempty"` // named on the first page, before anything is told
}

//go:embed support.json
var supportDefaults string

func defaultSupport() ([]SupportService, error) {
	return ReadSupport(strings.NewReader(supportDefaults))
}

// ReadSupport reads a list of support services: a JSON array of
// SupportService. The embedded support.json is one with the national ones.
func ReadSupport(r io.Reader) ([]SupportService, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var list []SupportService
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("support services: %w", err)
	}
	for _, s := range list {
		u, err := url.Parse(s.URL)
		switch {
		case s.ID == "" || s.Name[words.Fallback] == "" || s.Text[words.Fallback] == "":
			return nil, fmt.Errorf("support service %q: needs an id, and a name and a text in English", s.ID)
		case s.URL != "" && (err != nil || u.Scheme != "https" || u.Host == ""):
			return nil, fmt.Errorf("support service %q: address %q: expected one that begins with https://", s.ID, s.URL)
		case s.URL == "" && s.Phone == "":
			return nil, fmt.Errorf("support service %q: needs a phone number or an address", s.ID)
		case strings.Trim(s.Phone, "0123456789 ") != "":
			return nil, fmt.Errorf("support service %q: phone %q: expected digits and spaces", s.ID, s.Phone)
		}
	}
	if !slices.ContainsFunc(list, func(s SupportService) bool { return s.Emergency }) {
		return nil, errors.New("support services: the first page names those for now: mark one at least with \"emergency\": true")
	}
	return list, nil
}

// In returns the name and the text in a language, or in English.
func (s SupportService) In(lang string) map[string]string {
	out := map[string]string{"Name": s.Name[words.Fallback], "Text": s.Text[words.Fallback]}
	if n := s.Name[lang]; n != "" {
		out["Name"] = n
	}
	if t := s.Text[lang]; t != "" {
		out["Text"] = t
	}
	return out
}

// Tel returns the number as a telephone link has it.
func (s SupportService) Tel() string { return strings.ReplaceAll(s.Phone, " ", "") }

func (h *Handler) emergency() []SupportService {
	var out []SupportService
	for _, s := range h.cfg.Support {
		if s.Emergency {
			out = append(out, s)
		}
	}
	return out
}
