package server

import (
	"net/http"
	"net/url"

	"github.com/streetsafe/streetsafe/internal/access"
	"github.com/streetsafe/streetsafe/internal/cube"
)

// modeDemo is Config.Mode of the demo, whose data are made up.
const modeDemo = "demo"

// decide asks the policy. Only what planners see depends on the day, and the
// calendar is too slow for every tile.
func (s *Server) decide(who *access.Identity, ask access.Ask) (access.Grant, error) {
	if who.Role == access.Planner {
		ask.Today = s.today()
	}
	return access.Decide(who, ask)
}

// granted asks the policy for whoever a request comes from.
func (s *Server) granted(r *http.Request, ask access.Ask) (access.Grant, error) {
	return s.decide(access.FromContext(r.Context()), ask)
}

func (s *Server) view(snap *cube.Snapshot, g access.Grant) *view {
	return &view{snap: snap, grant: g, tables: s.tables}
}

// signIn is the refusal for whoever is nobody.
func signIn(who *access.Identity) error {
	_, err := access.Decide(who, access.Ask{})
	return err
}

// hubPage is the page of the map: after logging in.
func (s *Server) hubPage(w http.ResponseWriter, r *http.Request) error {
	return s.mapPage("hub.html")(w, r)
}

// mapPage serves a page with a map to whoever may see one.
func (s *Server) mapPage(name string) handler {
	page := s.page(name)
	return func(w http.ResponseWriter, r *http.Request) error {
		who := access.FromContext(r.Context())
		switch _, err := s.decide(who, access.Ask{Surface: access.SurfaceMap}); {
		case err == nil || who.Demo && who.SignedIn(): // the demo shows what a refusal looks like
			return page(w, r)
		case !who.SignedIn():
			redirect(w, "/login?next="+url.QueryEscape(r.URL.RequestURI()))
		case who.Role == access.Admin && !who.Token:
			redirect(w, "/admin")
		default:
			return err
		}
		return nil
	}
}

func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

// sessionInfo tells a page who looks at it.
type sessionInfo struct {
	User  string   `json:"user"` // "" for nobody
	Role  string   `json:"role"`
	Area  string   `json:"area"`
	Bound bool     `json:"bound"` // the area's boundary is known and limits what is seen
	Demo  bool     `json:"demo"`
	Token bool     `json:"token"`
	May   []string `json:"may"`
	// Views are the roles that a visitor of the demo can see it as: send one as
	// the form field "as" to /demo/view.
	Views []string `json:"views,omitempty"`
	// Form is to be sent back with every form, as the field "csrf".
	Form string `json:"form,omitempty"`
}

// session tells who asks and what they may do. It is answered for everybody.
func (s *Server) session(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r); err != nil {
		return err
	}
	who := access.FromContext(r.Context())
	info := sessionInfo{User: who.Email, Role: who.Role.String(), Area: who.Area, Bound: who.Region != nil, Demo: who.Demo, Token: who.Token,
		May: access.May(who, s.today()), Form: s.gate.FormToken(who)}
	if who.Demo {
		info.Views = access.DemoViews()
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, info)
}

// sameOrigin guards what changes something by the cookies that a browser sends
// along by itself: another site must not make it do so.
func (s *Server) sameOrigin(h handler) handler {
	check := http.NewCrossOriginProtection()
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := check.Check(r); err != nil {
			return newProblem(http.StatusForbidden, "This request comes from another site. Open StreetSafe itself and try again there.")
		}
		return h(w, r)
	}
}

// maxForm is how large a form may be: some fields of a line.
const maxForm = 64 << 10

// demoView lets a visitor of the demo see it as another role.
func (s *Server) demoView(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !s.gate.Demo() {
		return s.notFound(w, r)
	}
	if as := r.PostFormValue("as"); !s.gate.SetDemoView(w, r, as) {
		return badParam("as", as, "officer, planner, public or signed-out")
	}
	to := "/hub"
	if next := r.PostFormValue("next"); next != "" {
		to = access.LocalPath(next)
	}
	redirect(w, to)
	return nil
}

// assetURL is the address of an embedded file, to be kept for ever.
func (s *Server) assetURL(name string) string { return "/static/" + s.files.revision + "/" + name }

// mayKnow reports whether somebody may know how many reports there are.
func (s *Server) mayKnow(r *http.Request) bool {
	_, err := s.granted(r, access.Ask{Surface: access.SurfaceMap})
	return err == nil
}
