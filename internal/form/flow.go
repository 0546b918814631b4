package form

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/report"
)

// load opens the token of the request. When it opens nothing, the visitor is
// told so and ok is false.
func (v *visit) load() (a answers, ok bool) {
	plain, err := v.seal.open(kindDraft, v.token)
	if err == nil {
		a, err = decodeAnswers(plain)
	}
	if err == nil {
		var f fate
		if a, f = v.drafts.newest(a); f == alive {
			return a, true
		}
	}
	v.redirect(address(pathGone, v.tr.Lang, ""))
	return answers{}, false
}

// go on to a page with the answers so far, and what to put right there.
func (v *visit) goOn(to string, a answers, more ...string) {
	v.drafts.keep(a)
	if v.changing() && to != pathCheck && len(more) == 0 {
		more = []string{"change", "1"}
	}
	v.redirect(address(to, v.tr.Lang, v.seal.seal(kindDraft, a.encode()), more...))
}

// answered goes to the question after this one, or back to the list of answers
// when this one was opened from there.
func (v *visit) answered(next string, a answers) {
	v.drafts.keep(a)
	if v.changing() && a.complete() {
		next = pathCheck
	} else if v.changing() {
		next = a.next()
	}
	v.redirect(address(next, v.tr.Lang, v.seal.seal(kindDraft, a.encode())))
}

// again shows the question once more with something to put right.
func (v *visit) again(to string, a answers, code string) {
	change := ""
	if v.changing() {
		change = "1"
	}
	v.goOn(to, a, "e", code, "change", change)
}

func (v *visit) changing() bool { return v.r.Form.Get("change") != "" }

// question returns the view of a question. Codes are the things that may be put
// right there, with the field each belongs to; others are ignored, since an
// address can say anything.
func (v *visit) question(n int, page, back string, a answers, codes map[string]string) *view {
	out := v.newView(page, v.seal.seal(kindDraft, a.encode()))
	out.Question, out.Back = n, out.To(back)
	if out.Change {
		out.Back = out.To(pathCheck)
	}
	if code := v.r.URL.Query().Get("e"); codes[code] != "" {
		out.Errors = []pageError{{codes[code], v.tr.T(page + ".error." + code)}}
	}
	return out
}

func (v *visit) start() {
	out := v.newView("start", "")
	at := v.r.URL.Query().Get("at")
	if c, ok := parseHint(at); !ok || !v.cfg.Area.Contains(centre(c)) {
		at = ""
	}
	if tag := v.r.URL.Query().Get("c"); tag != "" {
		v.posters.count(tag)
	}
	out.Data = struct {
		Begin   string
		Support []SupportService
	}{address(pathWhere, v.tr.Lang, "", "at", at), v.emergency()}
	v.render(http.StatusOK, out)
}

// option is one box or button of a question.
type option struct {
	ID, Label, Hint string
	Chosen          bool
}

type whyData struct {
	Options []option
	None    bool
}

func (v *visit) askWhyPlace()  { v.askWhy(2, "place", pathWhere, report.Environmental) }
func (v *visit) askWhyPeople() { v.askWhy(3, "people", pathWhyPlace, report.Behavioural) }

func (v *visit) askWhy(n int, page, back string, g report.Group) {
	a, ok := v.load()
	if !ok {
		return
	}
	if a.done&stepWhere == 0 {
		v.goOn(pathWhere, a)
		return
	}
	first := "f-" + firstFactor(g).ID()
	out := v.question(n, page, back, a, map[string]string{"none": first, "both": first, "nothing": first})
	data := whyData{None: a.noEnv}
	if g == report.Behavioural {
		data.None = a.noBeh
	}
	for _, f := range report.AllFactorsList() {
		if f.Group() == g {
			data.Options = append(data.Options, option{ID: f.ID(), Label: v.tr.Factor(f), Chosen: a.factors.Has(f)})
		}
	}
	out.Data = data
	v.render(http.StatusOK, out)
}

func firstFactor(g report.Group) report.Factor {
	if g == report.Behavioural {
		return report.VerbalSingle
	}
	return report.NoCCTV
}

func (v *visit) takeWhyPlace() {
	if a, ok := v.load(); ok {
		chosen, none := v.chosen(report.EnvironmentalFactors)
		a.factors, a.noEnv = a.factors&^report.EnvironmentalFactors|chosen, none
		v.tookWhy(pathWhyPlace, pathWhyPeople, a, stepPlace, whyAnswer{chosen, none})
	}
}

func (v *visit) takeWhyPeople() {
	if a, ok := v.load(); ok {
		chosen, none := v.chosen(report.BehaviouralFactors)
		a.factors, a.noBeh = a.factors&^report.BehaviouralFactors|chosen, none
		v.tookWhy(pathWhyPeople, pathWhen, a, stepPeople, whyAnswer{chosen, none})
	}
}

// chosen reads the boxes of one group; none is "not applicable".
func (v *visit) chosen(group report.Factors) (fs report.Factors, none bool) {
	for _, id := range v.r.PostForm["factor"] {
		if id == "none" {
			none = true
		} else if f, err := report.ParseFactor(id); err == nil && group.Has(f) {
			fs = fs.With(f)
		}
	}
	return fs, none
}

type whyAnswer struct {
	chosen report.Factors
	none   bool
}

// tookWhy checks an answer to one of the two questions for reasons. A report
// needs one reason at least, so "not applicable" can be said once.
func (v *visit) tookWhy(here, next string, a answers, s step, w whyAnswer) {
	a.done &^= s
	switch {
	case w.chosen == 0 && !w.none:
		v.again(here, a, "none")
		return
	case w.chosen != 0 && w.none:
		v.again(here, a, "both")
		return
	}
	other := (stepPlace | stepPeople) &^ s
	a.done |= s
	if a.factors == 0 && a.done&other == other {
		a.done &^= s
		v.again(here, a, "nothing")
		return
	}
	v.answered(next, a)
}

type whenData struct {
	Day              string // "", "today" or "other"
	DD, MM, YYYY     string
	Dayparts, Darks  []option
	Today, Yesterday string
}

func (v *visit) askWhen() {
	a, ok := v.load()
	if !ok {
		return
	}
	if a.done&stepWhere == 0 {
		v.goOn(pathWhere, a)
		return
	}
	out := v.question(4, "when", pathWhyPeople, a, map[string]string{"date": "dd", "future": "dd", "old": "dd"})
	today := v.today()
	data := whenData{Today: v.tr.Day(today)}
	switch {
	case strings.HasPrefix(a.search, badDate):
		data.Day = "other"
		if parts := strings.Split(strings.TrimPrefix(a.search, badDate), "|"); len(parts) == 3 {
			data.DD, data.MM, data.YYYY = parts[0], parts[1], parts[2]
		}
	case a.day == today:
		data.Day = "today"
	case a.day != 0:
		at := a.day.Time()
		data.Day, data.DD, data.MM, data.YYYY = "other", strconv.Itoa(at.Day()), strconv.Itoa(int(at.Month())), strconv.Itoa(at.Year())
	}
	for d := range report.Daypart(report.NumDayparts) {
		data.Dayparts = append(data.Dayparts, option{ID: d.String(), Label: v.tr.T("daypart." + d.String()),
			Hint: v.daypartHint(d), Chosen: d == a.daypart && (d != report.UnknownDaypart || a.done&stepWhen != 0)})
	}
	for _, d := range []report.Dark{report.DarkYes, report.DarkNo, report.DarkUnknown} {
		data.Darks = append(data.Darks, option{ID: d.String(), Label: v.tr.T("dark." + d.String()),
			Chosen: d == a.dark && (d != report.DarkUnknown || a.done&stepWhen != 0)})
	}
	out.Data = data
	v.render(http.StatusOK, out)
}

func (v *visit) daypartHint(d report.Daypart) string {
	if d == report.UnknownDaypart {
		return ""
	}
	return v.tr.T("daypart." + d.String() + ".hint")
}

// badDate marks a date that cannot be one, kept so that it can be put right.
const badDate = "date:"

func (v *visit) takeWhen() {
	a, ok := v.load()
	if !ok {
		return
	}
	a.search = ""
	a.daypart, a.dark = report.UnknownDaypart, report.DarkUnknown
	if d, err := report.ParseDaypart(v.r.PostForm.Get("daypart")); err == nil {
		a.daypart = d
	}
	for _, d := range []report.Dark{report.DarkYes, report.DarkNo} {
		if v.r.PostForm.Get("dark") == d.String() {
			a.dark = d
		}
	}
	a.day = 0
	switch v.r.PostForm.Get("day") {
	case "today":
		a.day = v.today()
	case "other":
		day, code := v.readDate()
		if code != "" {
			a.search = badDate + strings.Join([]string{v.datePart("dd"), v.datePart("mm"), v.datePart("yyyy")}, "|")
			a.done &^= stepWhen
			v.again(pathWhen, a, code)
			return
		}
		a.day = day
	}
	a.done |= stepWhen
	v.answered(pathCheck, a)
}

// datePart reads one field of the date, at most four digits of it.
func (v *visit) datePart(name string) string {
	s := strings.TrimSpace(v.r.PostForm.Get(name))
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return digits[:min(len(digits), 4)]
}

// readDate reads day, month and year. The code says what to put right.
func (v *visit) readDate() (d report.Day, code string) {
	dd, mm, yyyy := v.datePart("dd"), v.datePart("mm"), v.datePart("yyyy")
	if len(yyyy) == 2 {
		yyyy = "20" + yyyy
	}
	if dd == "" || mm == "" || len(yyyy) != 4 || len(dd) > 2 || len(mm) > 2 {
		return 0, "date"
	}
	d, err := report.ParseDay(yyyy + "-" + pad2(mm) + "-" + pad2(dd))
	switch {
	case err != nil:
		return 0, "date"
	case d > v.today():
		return 0, "future"
	case d < report.MinDay:
		return 0, "old"
	}
	return d, ""
}

func pad2(s string) string { return strings.Repeat("0", max(0, 2-len(s))) + s }

// answerRow is one line of the list of answers.
type answerRow struct {
	Question string
	Answers  []string
	Change   string
}

type checkData struct {
	Rows  []answerRow
	Proof challenge
	Send  string
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
	out.Data = checkData{Rows: rows, Proof: v.proofs.challenge()}
	v.render(http.StatusOK, out)
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
		v.redirect(address(pathGone, v.tr.Lang, ""))
		return answers{}, false
	}
	newest, f := v.drafts.newest(a)
	switch {
	case f == wasLeft:
		v.redirect(address(pathGone, v.tr.Lang, ""))
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
