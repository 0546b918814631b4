package form

import "net/http"

// The pages, in the order of the flow.
const (
	pathStart     = "/report"
	pathWhere     = "/report/where"
	pathWhyPlace  = "/report/place"
	pathWhyPeople = "/report/people"
	pathWhen      = "/report/when"
	pathCheck     = "/report/check"
	pathProof     = "/report/proof"
	pathSend      = "/report/send"
	pathSent      = "/report/sent"
	pathAbout     = "/report/about"
	pathDone      = "/report/done"
	pathExit      = "/report/exit"
	pathGone      = "/report/gone"
	pathSearch    = "/report/search"
	pathNear      = "/report/near"
	pathCode      = "/place"
	pathPoster    = "/poster"
	pathReports   = "/api/v1/reports"
	pathChallenge = "/api/v1/challenge"
	rootOpen311   = "/open311"
	pathOpen311   = rootOpen311 + "/v2/"
)

// Prefixes lists what a server mounts a Handler at: each path and everything
// below it.
func Prefixes() []string {
	return []string{pathStart, pathCode, pathPoster, pathReports, pathChallenge, rootOpen311}
}

func (h *Handler) routes() http.Handler {
	m := http.NewServeMux()
	page := func(pattern string, serve func(*visit)) { m.Handle(pattern, h.page(serve)) }

	page("GET "+pathStart, (*visit).start)
	page("GET "+pathWhere, (*visit).askWhere)
	page("POST "+pathWhere, (*visit).takeWhere)
	page("GET "+pathWhyPlace, (*visit).askWhyPlace)
	page("POST "+pathWhyPlace, (*visit).takeWhyPlace)
	page("GET "+pathWhyPeople, (*visit).askWhyPeople)
	page("POST "+pathWhyPeople, (*visit).takeWhyPeople)
	page("GET "+pathWhen, (*visit).askWhen)
	page("POST "+pathWhen, (*visit).takeWhen)
	page("GET "+pathCheck, (*visit).check)
	page("POST "+pathProof, (*visit).renewProof)
	page("POST "+pathSend, (*visit).send)
	page("GET "+pathSend, (*visit).over) // as an address typed again after the line was cut

	page("GET "+pathSent, (*visit).sentPage)
	page("GET "+pathAbout, (*visit).askAbout)
	page("POST "+pathAbout, (*visit).takeAbout)
	page("GET "+pathDone, (*visit).donePage)
	page("GET "+pathExit, (*visit).exit)
	page("POST "+pathExit, (*visit).exit)
	page("GET "+pathGone, (*visit).gone)

	page("POST "+pathSearch, (*visit).searchPlaces)
	page("POST "+pathNear, (*visit).nearPlace)
	m.HandleFunc("GET "+pathAssets, h.asset)

	page("GET "+pathCode, (*visit).askCode)
	page("POST "+pathCode, (*visit).takeCode)
	page("GET "+pathCode+"/{code}", (*visit).place)
	page("GET "+pathPoster, (*visit).poster)
	page("GET "+pathPoster+".svg", (*visit).posterSVG)
	page("GET "+pathPoster+".png", (*visit).posterPNG)

	m.HandleFunc("POST "+pathReports, h.api(h.postReport))
	m.HandleFunc("GET "+pathChallenge, h.api(h.getChallenge))
	m.HandleFunc(pathReports, h.api(onlyBy(http.MethodPost)))
	m.HandleFunc(pathChallenge, h.api(onlyBy(http.MethodGet)))
	m.HandleFunc(pathReports+"/", h.api(nothingHere))
	m.HandleFunc(pathChallenge+"/", h.api(nothingHere))
	m.HandleFunc("GET "+pathOpen311+"{file}", h.open311(h.open311Get))
	m.HandleFunc("GET "+pathOpen311+"services/{file}", h.open311(h.open311Definition))
	m.HandleFunc("POST "+pathOpen311+"{file}", h.open311(h.open311Post))
	m.HandleFunc(rootOpen311, h.open311(h.open311Other))
	m.HandleFunc(rootOpen311+"/", h.open311(h.open311Other))

	page(pathStart+"/", (*visit).notFound)
	page(pathCode+"/", (*visit).notFound)
	page("/", (*visit).notFound)
	return m
}
