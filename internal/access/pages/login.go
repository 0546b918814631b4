package pages

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/streetsafe/streetsafe/internal/access"
)

var errTwice = &access.InputError{Text: "the two passwords differ"}

func (h *Handler) loginForm(r *http.Request, next string) *page {
	p := h.newPage(r, "login", "Log in")
	p.Next, p.SSO, p.Demo = access.LocalPath(next), h.gate.SSO(), h.gate.Demo()
	if p.Demo {
		p.Views = access.DemoViews()[:3]
	}
	return p
}

func (h *Handler) loginPage(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	return h.show(w, http.StatusOK, "login", h.loginForm(r, r.URL.Query().Get("next")))
}

func (h *Handler) login(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	if h.gate.Demo() {
		return h.refuse(w, r, http.StatusForbidden, "There is no account here: this is the demo.")
	}
	p := h.loginForm(r, r.PostFormValue("next"))
	p.Email = r.PostFormValue("email")
	email, err := access.ParseEmail(p.Email)
	if err == nil {
		err = h.gate.Login(w, r, email, r.PostFormValue("password"))
	}
	if err != nil {
		return h.retry(w, "login", p, err)
	}
	seeOther(w, p.Next)
	return nil
}

func (h *Handler) startSSO(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	err := h.gate.StartSSO(w, r, r.URL.Query().Get("next"))
	if err != nil {
		h.cfg.Log.Error("single sign-on cannot begin", slog.Any("error", err))
		return h.retry(w, "login", h.loginForm(r, ""), access.ErrSSO)
	}
	return nil
}

func (h *Handler) finishSSO(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	next, err := h.gate.FinishSSO(w, r)
	if err != nil {
		if errors.Is(err, access.ErrSSO) {
			h.cfg.Log.Warn("single sign-on failed", slog.Any("error", err))
		}
		return h.retry(w, "login", h.loginForm(r, ""), err)
	}
	seeOther(w, next)
	return nil
}

func (h *Handler) welcomeForm(r *http.Request) (*page, error) {
	p := h.newPage(r, "welcome", "Set your password")
	if h.gate.Demo() {
		p.Gone = true
		return p, access.ErrLink
	}
	a, err := h.gate.CheckLink(r.Context(), r.PathValue("secret"))
	p.Email, p.First, p.Gone = a.Email, a.ID == 0, err != nil
	return p, err
}

// welcomePage only looks at the link: programs that fetch links to preview them
// must not use it up.
func (h *Handler) welcomePage(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	p, err := h.welcomeForm(r)
	if err != nil {
		return h.retry(w, "welcome", p, err)
	}
	return h.show(w, http.StatusOK, "welcome", p)
}

func (h *Handler) welcome(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	p, err := h.welcomeForm(r)
	if err != nil {
		return h.retry(w, "welcome", p, err)
	}
	password := r.PostFormValue("password")
	if p.First {
		p.Email = r.PostFormValue("email")
	}
	if password != r.PostFormValue("again") {
		return h.retry(w, "welcome", p, errTwice)
	}
	if err := h.gate.UseLink(w, r, r.PathValue("secret"), p.Email, password); err != nil {
		return h.retry(w, "welcome", p, err)
	}
	to := "/hub"
	if p.First {
		to = "/admin"
	}
	seeOther(w, to)
	return nil
}

func (h *Handler) logoutPage(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	p := h.newPage(r, "logout", "Log out")
	if p.Leave = h.gate.TakeLeave(w, r); p.Leave != "" {
		w.Header().Set("Refresh", "0; url="+p.Leave)
	}
	return h.show(w, http.StatusOK, "logout", p)
}

func (h *Handler) logout(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	if err := h.gate.Logout(w, r, who); err != nil {
		return err
	}
	h.gate.LeaveSSO(w, r, who)
	seeOther(w, access.LogoutPath)
	return nil
}
