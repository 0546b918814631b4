package form

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/report"
)

type whenData struct {
	Day             string // "", "today" or "other"
	DD, MM, YYYY    string
	Dayparts, Darks []option
	Today           string
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
