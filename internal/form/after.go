package form

import (
	"net/http"
	"slices"

	"github.com/google/uuid"
)

// loadSent opens the token of the pages after sending.
func (v *visit) loadSent() (s sent, ok bool) {
	plain, err := v.seal.open(kindSent, v.token)
	if err == nil {
		s, err = decodeSent(plain)
	}
	if err == nil && !v.drafts.over(kindSent, s.key) {
		return s, true
	}
	v.over()
	return sent{}, false
}

func (v *visit) sentPage() {
	if _, ok := v.loadSent(); !ok {
		return
	}
	out := v.newView("sent", v.token)
	_, out.Data = v.sink.(Describer) // nothing is asked that would not be kept
	v.render(http.StatusOK, out)
}

type aboutQuestion struct {
	ID      string
	Options []option
}

func (v *visit) askAbout() {
	if _, ok := v.loadSent(); !ok {
		return
	}
	if _, kept := v.sink.(Describer); !kept {
		v.redirect(address(pathDone, v.tr.Lang, v.token))
		return
	}
	out := v.newView("about", v.token)
	out.Back = out.To(pathSent)
	var list []aboutQuestion
	for _, q := range demographicQuestions() {
		a := aboutQuestion{ID: q.id}
		for _, value := range q.values {
			a.Options = append(a.Options, option{ID: value, Label: v.tr.T("about." + q.id + "." + value)})
		}
		list = append(list, a)
	}
	out.Data = list
	v.render(http.StatusOK, out)
}

func (v *visit) takeAbout() {
	s, ok := v.loadSent()
	if !ok {
		return
	}
	var d Demographics
	for _, q := range demographicQuestions() {
		if value := v.r.PostForm.Get(q.id); slices.Contains(q.values, value) {
			*q.field(&d) = value
		}
	}
	v.describe(s.key, d)
	s.about = true
	v.redirect(address(pathDone, v.tr.Lang, v.seal.seal(kindSent, s.encode())))
}

// describe keeps the answers, when there are any. It takes as long for a report
// that was not kept, of which nothing is to be written.
func (v *visit) describe(key uuid.UUID, d Demographics) {
	defer v.pace.wait(v.r.Context(), v.now())
	keeper, ok := v.sink.(Describer)
	if !ok || d.IsZero() {
		return
	}
	ctx, cancel := durable(v.r.Context())
	defer cancel()
	began := v.now()
	err := keeper.Describe(ctx, key, d)
	v.pace.wrote(began)
	if err != nil {
		// The report is kept; asking again for what was optional would only make
		// its sender doubt that.
		v.log.Error("the answers about a reporter could not be kept", "error", err)
	}
}

type doneData struct {
	Code, Link string
	Support    []SupportService
	About      bool
}

func (v *visit) donePage() {
	s, ok := v.loadSent()
	if !ok {
		return
	}
	out := v.newView("done", v.token)
	code := formatReceipt(s.receipt)
	out.Data = doneData{Code: code, Link: address(pathCode+"/"+code, v.tr.Lang, ""), Support: v.cfg.Support, About: s.about}
	v.render(http.StatusOK, out)
}

// exit leaves for a page that says nothing about this one, and makes every
// address of this visit open nothing. A script sends it beside leaving at once.
func (v *visit) exit() {
	if plain, err := v.seal.open(kindDraft, v.token); err == nil {
		if a, err := decodeAnswers(plain); err == nil {
			v.drafts.end(kindDraft, a.key, wasLeft)
		}
	} else if plain, err := v.seal.open(kindSent, v.token); err == nil {
		if s, err := decodeSent(plain); err == nil {
			v.drafts.end(kindSent, s.key, wasLeft)
		}
	}
	if v.r.Method == http.MethodPost {
		v.w.WriteHeader(http.StatusNoContent)
		return
	}
	v.redirect(v.cfg.ExitURL)
}

// over leads an address that opens nothing to the page that says so.
func (v *visit) over() { v.redirect(address(pathGone, v.tr.Lang, "")) }

func (v *visit) gone() { v.render(http.StatusOK, v.newView("gone", "")) }

func (v *visit) notFound() { v.trouble(http.StatusNotFound) }
