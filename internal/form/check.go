package form

import (
	"net/http"
	"slices"

	"github.com/streetsafe/streetsafe/internal/report"
)

// answerRow is one line of the list of answers.
type answerRow struct {
	Question string
	Answers  []string
	Change   string
}

type checkData struct {
	Rows  []answerRow
	Proof challenge
}

func (v *visit) check() {
	a, ok := v.load()
	if !ok {
		return
	}
	if !a.complete() {
		v.goOn(a.next(), a)
		return
	}
	out := v.newView("check", v.seal.seal(kindDraft, a.encode()))
	out.Back = out.To(pathWhen)
	if v.r.URL.Query().Get("e") == "busy" {
		out.Errors = []pageError{{"send", v.tr.T("check.error.busy")}}
	}
	change := func(p string) string { return address(p, v.tr.Lang, out.Token, "change", "1") }
	rows := []answerRow{
		{v.tr.T("where.short"), []string{v.placeLabel(a.cell)}, change(pathWhere)},
		{v.tr.T("place.short"), v.reasons(a.factors & report.EnvironmentalFactors), change(pathWhyPlace)},
		{v.tr.T("people.short"), v.reasons(a.factors & report.BehaviouralFactors), change(pathWhyPeople)},
		{v.tr.T("when.short"), v.whenLines(a), change(pathWhen)},
	}
	out.Data = checkData{Rows: rows, Proof: v.proofs.challenge(a.key)}
	v.render(http.StatusOK, out)
}

// renewProof answers a page that has been open for long with a new challenge for
// the same report.
func (v *visit) renewProof() {
	if a, ok := v.load(); ok {
		v.json(v.proofs.challenge(a.key))
	}
}

func (v *visit) reasons(fs report.Factors) []string {
	if fs == 0 {
		return []string{v.tr.T("none")}
	}
	var out []string
	for _, f := range fs.List() {
		out = append(out, v.tr.Factor(f))
	}
	return out
}

func (v *visit) whenLines(a answers) []string {
	day := v.tr.T("when.unsaid")
	if a.day != 0 {
		day = v.tr.Day(a.day)
	}
	lines := []string{day}
	if a.daypart != report.UnknownDaypart {
		lines = append(lines, v.tr.T("daypart."+a.daypart.String())+", "+v.tr.T("daypart."+a.daypart.String()+".hint"))
	}
	if a.dark != report.DarkUnknown {
		lines = append(lines, v.tr.T("dark.line."+a.dark.String()))
	}
	return slices.Clip(lines)
}

// send takes the report. Whatever becomes of it, the answer is the same.
func (v *visit) send() {
	a, ok := v.loadForSending()
	if !ok {
		return
	}
	lat, lng := centre(a.cell)
	in := incoming{cell: a.cell, key: a.key, from: v.client(v.r), proof: v.r.PostForm.Get("proof")}
	in.Lat, in.Lng, in.Factors, in.Daypart, in.Dark = lat, lng, a.factors, a.daypart, a.dark
	if in.Day = a.day; a.day == 0 {
		in.Day = v.today()
	}
	if err := v.submit(v.r.Context(), in); err != nil {
		v.goOn(pathCheck, a, "e", "busy")
		return
	}
	v.drafts.end(kindDraft, a.key, wasSent)
	receipt, err := v.receipts.issue(a.cell)
	if err != nil {
		v.trouble(http.StatusInternalServerError) // cannot happen: the cell is valid
		return
	}
	v.redirect(address(pathSent, v.tr.Lang, v.seal.seal(kindSent, sent{key: a.key, receipt: receipt}.encode())))
}

// loadForSending is load, but sends again what was sent already: the store
// knows the key, and the second press of the button gets the same answer.
func (v *visit) loadForSending() (answers, bool) {
	plain, err := v.seal.open(kindDraft, v.token)
	var a answers
	if err == nil {
		a, err = decodeAnswers(plain)
	}
	if err != nil {
		v.over()
		return answers{}, false
	}
	newest, f := v.drafts.newest(a)
	switch {
	case f == wasLeft:
		v.over()
		return answers{}, false
	case f == alive:
		a = newest
	}
	if !a.complete() {
		v.goOn(a.next(), a)
		return answers{}, false
	}
	return a, true
}
