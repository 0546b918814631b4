package form

import (
	"net/http"

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
	v.over()
	return answers{}, false
}

// goOn goes to a page with the answers so far, and what to put right there.
func (v *visit) goOn(to string, a answers, more ...string) {
	a.turn++
	v.drafts.keep(a)
	if v.changing() && to != pathCheck && len(more) == 0 {
		more = []string{"change", "1"}
	}
	v.redirect(address(to, v.tr.Lang, v.seal.seal(kindDraft, a.encode()), more...))
}

// answered goes to the question after this one, or back to the list of answers
// when this one was opened from there.
func (v *visit) answered(next string, a answers) {
	a.turn++
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
