package server

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/internal/report"
)

const typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// sheetColumns are the columns of the spreadsheet.
var sheetColumns = []string{"Hexagon", "Latitude", "Longitude", "Place", "After dark", "All badly lit", "Share after dark", "Latest report",
	"Rate", "Rate from", "Rate to", "Rate by",
	"Recent days", "Days before", "Change", "Other factors after dark", "Likely cause", "Lamps", "Nearest lamp (m)", "Off by policy", "Off hours"}

func sheetRow(p *lightPlace) []any {
	share := any("")
	if p.DarkShare != nil {
		share = float64(int(*p.DarkShare*1000+0.5)) / 1000
	}
	var others []string
	for _, o := range p.Others {
		f, err := report.ParseFactor(o.Factor)
		if err == nil {
			others = append(others, fmt.Sprintf("%s: %d", f.Short(), o.Count))
		}
	}
	row := []any{p.Cell, p.Lat, p.Lng, p.Place, p.AfterDark, p.All, share, p.Last}
	if p.Rate == nil {
		row = append(row, "", "", "", "")
	} else {
		row = append(row, p.Rate.Shrunk, p.Rate.Low, p.Rate.High, p.Rate.Denominator)
	}
	row = append(row, p.Recent, p.Previous, strings.ReplaceAll(string(p.Verdict), "_", " "), strings.Join(others, ", "))
	if p.Lamps == nil {
		return append(row, "", "", "", "", "")
	}
	nearest := any("")
	if p.Lamps.Nearest != nil {
		nearest = *p.Lamps.Nearest
	}
	return append(row, causeText(p.Lamps.Cause), p.Lamps.Count, nearest, p.Lamps.Off, p.Lamps.Hours)
}

func causeText(c lamps.Cause) string {
	switch c {
	case lamps.NoLamp:
		return "no lamp near"
	case lamps.LampThere:
		return "lamp there: broken, dim or covered?"
	case lamps.OffByPolicy:
		return "off by policy at that hour"
	}
	return "lamps not known here"
}

// sheetNotes are the lines that say what a spreadsheet holds.
func (s *Server) sheetNotes(a *lightAnswer) []string {
	area := a.AreaName
	switch {
	case area != "":
	case a.Box == [4]float64{everywhere.West, everywhere.South, everywhere.East, everywhere.North}:
		area = "everywhere"
	default:
		area = fmt.Sprintf("%.4f,%.4f,%.4f,%.4f", a.Box[0], a.Box[1], a.Box[2], a.Box[3])
	}
	notes := []string{"StreetSafe lighting workbench: reports after dark that call a place badly lit", "Filter: " + a.Filter, "Area: " + area,
		fmt.Sprintf("Hexagons of resolution %d, %d of %d with reports, %d reports in all", a.Res, len(a.Places), a.Cells, a.Total),
		fmt.Sprintf("Data: generation %d", a.Generation)}
	if a.Recent != nil {
		notes = append(notes, fmt.Sprintf("Recent days: %s until before %s; days before: %s until before %s", a.Recent.From, a.Recent.To, a.Previous.From, a.Previous.To))
	}
	if a.Denominator != "" {
		notes = append(notes, fmt.Sprintf("Rates: reports for one of %s (from %s), drawn to the overall rate of %g where little is known; Rate by is the amount in the hexagon", a.Denominator, a.RateSource, *a.Overall),
			"Ranked by "+a.By)
	}
	if a.LampSource != "" {
		notes = append(notes, "Lamps: "+a.LampSource+". Causes are guesses from where lamps are, not findings")
	}
	if a.Synthetic {
		notes = append(notes, "SYNTHETIC DATA: every report is made up")
	}
	return append(notes, a.Limits...)
}

// lightCSV and lightXLSX give the workbench as a spreadsheet.
func (s *Server) lightCSV(w http.ResponseWriter, r *http.Request) error {
	return s.lightSheet(w, r, "csv", "text/csv; charset=utf-8", s.writeCSV)
}

func (s *Server) lightXLSX(w http.ResponseWriter, r *http.Request) error {
	return s.lightSheet(w, r, "xlsx", typeXLSX, s.writeXLSX)
}

func (s *Server) lightSheet(w http.ResponseWriter, r *http.Request, ending, typ string, write func(*lightAnswer) ([]byte, error)) error {
	v, err := parseQuery(r, append([]string{"reason"}, lightParams...)...)
	if err != nil {
		return err
	}
	q, grant, err := s.lightQuery(r, v, access.SurfaceExport)
	if err != nil {
		return err
	}
	leave, err := s.desk.take(r)
	if err != nil {
		return err
	}
	defer leave()
	answer, err := s.light(q)
	if err != nil {
		return err
	}
	body, err := write(answer)
	if err != nil {
		return err
	}
	if err := s.recordExport(r, grant, "lighting."+ending+" "+answer.Filter, v.Get("reason")); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", typ)
	h.Set("Content-Disposition", `attachment; filename="streetsafe-lighting.`+ending+`"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // the client may be gone, and there is nobody else to tell
	return nil
}

// recordExport writes what is taken away to the audit log before it is.
func (s *Server) recordExport(r *http.Request, g access.Grant, what, why string) error {
	if !g.Audit {
		return nil
	}
	return s.gate.Record(r.Context(), access.Event{Who: access.FromContext(r.Context()).Email, What: "export " + what, Why: why})
}

// byteOrderMark lets Excel see that a CSV file is UTF-8.
const byteOrderMark = "\ufeff"

func (s *Server) writeCSV(a *lightAnswer) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(byteOrderMark)
	w := csv.NewWriter(&out)
	w.UseCRLF = true // RFC 4180
	rows := [][]string{}
	for _, n := range s.sheetNotes(a) {
		rows = append(rows, []string{"# " + n})
	}
	rows = append(rows, sheetColumns)
	for i := range a.Places {
		var row []string
		for _, v := range sheetRow(&a.Places[i]) {
			row = append(row, plainCell(v))
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write CSV: %w", err)
	}
	return out.Bytes(), nil
}

// plainCell writes a value so that a spreadsheet takes no text for a formula
// (CWE-1236): names come from files that others wrote.
func plainCell(v any) string {
	s, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (s *Server) writeXLSX(a *lightAnswer) (body []byte, err error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // nothing of it is on disk
	const sheet, about = "Places", "About"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	if _, err := f.NewSheet(about); err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	for i, n := range s.sheetNotes(a) {
		if err := f.SetCellStr(about, "A"+strconv.Itoa(i+1), n); err != nil {
			return nil, fmt.Errorf("write spreadsheet: %w", err)
		}
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	for col, width := range map[int]float64{1: 18, 4: 28, 8: 12, 15: 14, 16: 40, 17: 32} {
		if err := w.SetColWidth(col, col, width); err != nil {
			return nil, fmt.Errorf("write spreadsheet: %w", err)
		}
	}
	head := make([]any, len(sheetColumns))
	for i, c := range sheetColumns {
		head[i] = excelize.Cell{StyleID: bold, Value: c}
	}
	if err := w.SetRow("A1", head); err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	for i := range a.Places {
		if err := w.SetRow("A"+strconv.Itoa(i+2), sheetRow(&a.Places[i])); err != nil {
			return nil, fmt.Errorf("write spreadsheet: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		return nil, fmt.Errorf("write spreadsheet: %w", err)
	}
	return out.Bytes(), nil
}
