package pages

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/review"
	"github.com/streetsafe/streetsafe/internal/store"
)

// Review is what the pages do about reports that are held back.
type Review = store.Review

const pathReview = "/admin/review"

// maxDays is how many days of held reports a page lists.
const maxDays = 60

// reviewView is what the pages of held reports show.
type reviewView struct {
	Days []review.Day
	More int // days that are not listed

	// One batch: a day and a reason, in an area or everywhere.
	Day     review.Day
	Area    h3.Cell // 0 for everywhere
	Reports int64
	Spots   int64 // different ones, 0 when not known: everywhere
	Kinds   int64
	Closer  []store.Held // by neighbourhood; nil until a reason was given
	Why     string       // what was typed, to put right

	Posters []posterOpens
}

// posterOpens is how often the form was opened from a campaign's posters.
type posterOpens struct {
	Tag   string
	Times int
}

// posters lists campaigns, the one that was opened most first.
func (h *Handler) posters() (out []posterOpens) {
	if h.cfg.Posters == nil {
		return nil
	}
	for tag, times := range h.cfg.Posters() {
		out = append(out, posterOpens{tag, times})
	}
	slices.SortFunc(out, func(a, b posterOpens) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Tag, b.Tag))
	})
	return out
}

// Near names an area.
func (p *page) Near(area h3.Cell) string {
	lat, lng, err := review.Near(area)
	if err != nil || p.near == nil {
		return ""
	}
	return p.near(lat, lng)
}

// Batch is the address of the page of a batch.
func (p *page) Batch(d review.Day, area h3.Cell) string {
	q := url.Values{"day": {d.On.String()}, "held": {d.Reason}}
	if area != 0 {
		q.Set("area", area.String())
	}
	return pathReview + "/batch?" + q.Encode()
}

func (h *Handler) reviewRoutes() {
	if h.cfg.Review == nil {
		return
	}
	h.guarded("GET "+pathReview, access.SurfaceReview, h.reviewPage)
	h.guarded("GET "+pathReview+"/batch", access.SurfaceReview, h.batchPage)
	h.guarded("POST "+pathReview+"/look", access.SurfaceReview, h.lookCloser)
	h.guarded("POST "+pathReview+"/release", access.SurfaceReview, h.settleBatch("release", "released", review.Release))
	h.guarded("POST "+pathReview+"/drop", access.SurfaceReview, h.settleBatch("drop", "dropped", dropBatch))
}

func (h *Handler) reviewPage(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	p := h.newPage(r, "review", "Held back reports")
	days, err := review.Days(r.Context(), h.cfg.Review)
	if err != nil {
		return err
	}
	p.Review = &reviewView{Days: days[:min(len(days), maxDays)], More: max(0, len(days)-maxDays), Posters: h.posters()}
	if n, err := strconv.Atoi(r.URL.Query().Get("n")); err == nil && n >= 0 {
		switch r.URL.Query().Get("done") {
		case "released":
			p.Note = fmt.Sprintf("Released: %d. They are published on schedule, with others of their area.", n)
		case "dropped":
			p.Note = fmt.Sprintf("Dropped for good: %d.", n)
		}
	}
	return h.show(w, http.StatusOK, "review", p)
}

// batch reads which batch a request is about; ok is false when there is nothing
// of it.
func (h *Handler) batch(r *http.Request) (p *page, which store.HeldFilter, ok bool, err error) {
	day, err := report.ParseDay(r.FormValue("day"))
	if err != nil || r.FormValue("held") == "" || review.CheckReason(r.FormValue("held")) != nil {
		return nil, which, false, nil
	}
	which = store.HeldFilter{From: day, To: day + 1, Reason: r.FormValue("held")}
	if s := r.FormValue("area"); s != "" {
		which.Area = h3.CellFromString(s)
		if !which.Area.IsValid() || which.Area.Resolution() != review.AreaResolution {
			return nil, which, false, nil
		}
	}
	days, err := review.Days(r.Context(), h.cfg.Review)
	if err != nil {
		return nil, which, false, err
	}
	p = h.newPage(r, "review", "Held back reports")
	for _, d := range days {
		if d.On != day || d.Reason != which.Reason {
			continue
		}
		p.Review = &reviewView{Day: d, Area: which.Area, Reports: d.Reports}
		if which.Area == 0 {
			return p, which, true, nil
		}
		for _, a := range d.Areas {
			if a.Area == which.Area {
				p.Review.Reports, p.Review.Spots, p.Review.Kinds = a.Reports, a.Cells, a.Kinds
				return p, which, true, nil
			}
		}
	}
	return nil, which, false, nil
}

func (h *Handler) noBatch(w http.ResponseWriter, r *http.Request) error {
	return h.refuse(w, r, http.StatusNotFound, "Nothing is held back there any more. Open the list of held back reports again.")
}

func (h *Handler) batchPage(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	p, _, ok, err := h.batch(r)
	if err != nil || !ok {
		return firstError(err, func() error { return h.noBatch(w, r) })
	}
	return h.show(w, http.StatusOK, "batch", p)
}

func firstError(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

// lookCloser counts a batch by neighbourhood. One of them may hold a single
// report, so it needs a reason and is in the audit log before it is shown.
func (h *Handler) lookCloser(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	p, which, ok, err := h.batch(r)
	if err != nil || !ok {
		return firstError(err, func() error { return h.noBatch(w, r) })
	}
	if err := h.recordReview(r, who, "review look", which); err != nil {
		return h.againBatch(w, r, p, err)
	}
	if p.Review.Closer, err = review.Closer(r.Context(), h.cfg.Review, which); err != nil {
		return err
	}
	return h.show(w, http.StatusOK, "batch", p)
}

func dropBatch(ctx context.Context, st store.Review, which store.HeldFilter) (int64, error) {
	return st.DropHeld(ctx, which)
}

// settleBatch releases or drops a batch.
func (h *Handler) settleBatch(name, done string, change func(context.Context, store.Review, store.HeldFilter) (int64, error)) action {
	return func(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
		p, which, ok, err := h.batch(r)
		if err != nil || !ok {
			return firstError(err, func() error { return h.noBatch(w, r) })
		}
		if name == "drop" && r.PostFormValue("sure") == "" {
			return h.againBatch(w, r, p, &access.InputError{Text: "tick the box: dropped reports do not come back"})
		}
		if err := h.recordReview(r, who, "review "+name, which); err != nil {
			return h.againBatch(w, r, p, err)
		}
		n, err := change(r.Context(), h.cfg.Review, which)
		if err != nil {
			return err
		}
		seeOther(w, fmt.Sprintf("%s?done=%s&n=%d", pathReview, done, n))
		return nil
	}
}

func (h *Handler) againBatch(w http.ResponseWriter, r *http.Request, p *page, err error) error {
	p.Review.Why = r.PostFormValue("why")
	return h.retry(w, "batch", p, err)
}

// recordReview writes to the audit log what is about to happen: what is not
// logged does not happen.
func (h *Handler) recordReview(r *http.Request, who *access.Identity, what string, which store.HeldFilter) error {
	why := r.PostFormValue("why")
	if err := access.CheckReason(why); err != nil {
		return err
	}
	return h.gate.Record(r.Context(), access.Event{Who: who.Email, What: what + " day " + which.From.String() + " held-for " + which.Reason, Cell: which.Area, Why: why})
}
