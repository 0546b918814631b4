package pages

import (
	"net/http"

	"github.com/streetsafe/streetsafe/internal/access"
)

// recentEntries is how much of the audit log a page shows; the command line
// lists all of it.
const recentEntries = 200

func (h *Handler) adminForm(r *http.Request) (*page, error) {
	p := h.newPage(r, "admin", "Accounts")
	var err error
	p.Accounts, err = h.gate.Accounts(r.Context())
	return p, err
}

func (h *Handler) adminPage(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	p, err := h.adminForm(r)
	if err != nil {
		return err
	}
	return h.show(w, http.StatusOK, "admin", p)
}

func (h *Handler) adminAgain(w http.ResponseWriter, r *http.Request, err error) error {
	if err == nil {
		seeOther(w, "/admin")
		return nil
	}
	p, e := h.adminForm(r)
	if e != nil {
		return e
	}
	return h.retry(w, "admin", p, err)
}

func (h *Handler) addAccount(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	a, err := h.gate.AddAccount(r.Context(), access.NewAccount{Email: r.PostFormValue("email"), Role: r.PostFormValue("role"),
		Area: r.PostFormValue("area"), By: who.Email})
	if err != nil {
		return h.adminAgain(w, r, err)
	}
	return h.showLink(w, r, who, a.ID)
}

func (h *Handler) resetAccount(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	return h.showLink(w, r, who, formID(r))
}

// showLink makes a one-time link and shows it in the answer itself.
func (h *Handler) showLink(w http.ResponseWriter, r *http.Request, who *access.Identity, id int64) error {
	path, err := h.gate.InviteLink(r.Context(), id, who.Email)
	if err != nil {
		return h.adminAgain(w, r, err)
	}
	a, err := h.gate.Account(r.Context(), id)
	if err != nil {
		return err
	}
	p, err := h.adminForm(r)
	if err != nil {
		return err
	}
	p.Secret, p.Email = h.address(r)+path, a.Email
	return h.show(w, http.StatusOK, "admin", p)
}

func (h *Handler) setDisabled(disabled bool) action {
	return func(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
		id := formID(r)
		if id == who.Account {
			return h.adminAgain(w, r, &access.InputError{Text: "this is your own account: another administrator can disable it"})
		}
		return h.adminAgain(w, r, h.gate.SetDisabled(r.Context(), id, disabled, who.Email))
	}
}

func (h *Handler) auditPage(w http.ResponseWriter, r *http.Request, _ *access.Identity) error {
	p := h.newPage(r, "audit", "Audit log")
	var err error
	if p.Entries, err = h.gate.RecentAudit(r.Context(), recentEntries); err != nil {
		return err
	}
	if p.Check, err = h.gate.VerifyAudit(r.Context()); err != nil {
		return err
	}
	return h.show(w, http.StatusOK, "audit", p)
}
