package form

import (
	"net/http"

	"github.com/streetsafe/streetsafe/internal/report"
)

type codeData struct{ Code string }

func (v *visit) askCode() {
	out := v.newView("code", "")
	if v.r.URL.Query().Get("e") == "code" {
		out.Errors = []pageError{{"code", v.tr.T("code.error.code")}}
	}
	out.Data = codeData{}
	v.render(http.StatusOK, out)
}

func (v *visit) takeCode() {
	code, err := parseReceipt(v.r.PostForm.Get("code"))
	if err == nil {
		_, err = v.receipts.open(code)
	}
	if err != nil {
		v.redirect(address(pathCode, v.tr.Lang, "", "e", "code"))
		return
	}
	v.redirect(address(pathCode+"/"+formatReceipt(code), v.tr.Lang, ""))
}

type placeData struct {
	Label  string
	Facts  PlaceFacts
	Last   report.Day // the last one that the figures count
	Report string     // the form, near this place
}

// place shows what anyone may know of the place of a receipt.
func (v *visit) place() {
	code, err := parseReceipt(v.r.PathValue("code"))
	if err != nil {
		v.trouble(http.StatusNotFound)
		return
	}
	c, err := v.receipts.open(code)
	if err != nil {
		v.trouble(http.StatusNotFound)
		return
	}
	data := placeData{Label: v.placeLabel(c), Report: address(pathStart, v.tr.Lang, "", "at", c.String())}
	if v.facts != nil {
		if data.Facts, err = v.facts.Place(v.r.Context(), c); err != nil {
			v.log.Error("what is public of a place could not be read", "error", err)
			v.trouble(http.StatusServiceUnavailable)
			return
		}
	}
	data.Last = data.Facts.To - 1
	out := v.newView("area", "")
	out.Data = data
	v.render(http.StatusOK, out)
}
