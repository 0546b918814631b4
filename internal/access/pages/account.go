package pages

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/access"
)

func (h *Handler) accountForm(r *http.Request, who *access.Identity) (*page, error) {
	p := h.newPage(r, "account", "Your account")
	p.ScopeNames, p.TileURL = access.ScopeNames(), h.address(r)+"/tiles/reports/{z}/{x}/{y}.mvt"
	var err error
	if p.Tokens, err = h.gate.Tokens(r.Context(), who.Account); err != nil {
		return nil, err
	}
	p.Sessions, p.Mine, err = h.gate.Sessions(r.Context(), who)
	return p, err
}

// address is how browsers reach us, for links that people copy.
func (h *Handler) address(r *http.Request) string {
	if url := h.gate.PublicURL(); url != "" {
		return url
	}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (h *Handler) accountPage(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	p, err := h.accountForm(r, who)
	if err != nil {
		return err
	}
	return h.show(w, http.StatusOK, "account", p)
}

// again shows the account with what was wrong, or goes back to it.
func (h *Handler) accountAgain(w http.ResponseWriter, r *http.Request, who *access.Identity, err error) error {
	if err == nil {
		seeOther(w, "/account")
		return nil
	}
	p, e := h.accountForm(r, who)
	if e != nil {
		return e
	}
	return h.retry(w, "account", p, err)
}

func (h *Handler) changePassword(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		return h.accountAgain(w, r, who, errTwice)
	}
	return h.accountAgain(w, r, who, h.gate.ChangePassword(w, r, who, r.PostFormValue("old"), password))
}

// createToken shows the new token in the answer itself: it is kept nowhere, so
// it cannot be shown after going back.
func (h *Handler) createToken(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	n := access.NewToken{Account: who.Account, Name: r.PostFormValue("name"), By: who.Email}
	n.Days, _ = strconv.Atoi(r.PostFormValue("days")) // 0 is refused below
	var err error
	if n.Scopes, err = access.ParseScopes(strings.Join(r.PostForm["scope"], " ")); err != nil {
		return h.accountAgain(w, r, who, err)
	}
	secret, _, err := h.gate.CreateToken(r.Context(), n)
	if err != nil {
		return h.accountAgain(w, r, who, err)
	}
	p, err := h.accountForm(r, who)
	if err != nil {
		return err
	}
	p.Secret = secret
	return h.show(w, http.StatusOK, "account", p)
}

func (h *Handler) revokeToken(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	return h.accountAgain(w, r, who, h.gate.RevokeToken(r.Context(), who.Account, formID(r), who.Email))
}

func (h *Handler) endSessions(w http.ResponseWriter, r *http.Request, who *access.Identity) error {
	return h.accountAgain(w, r, who, h.gate.EndOthers(r.Context(), who))
}

// formID reads the field id; 0 is nobody's.
func formID(r *http.Request) int64 {
	id, _ := strconv.ParseInt(r.PostFormValue("id"), 10, 64)
	return id
}
