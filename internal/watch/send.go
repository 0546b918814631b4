package watch

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/smtp"
	"strconv"
	"strings"
	"time"

	"github.com/streetsafe/streetsafe/internal/store"
)

const (
	maxTries    = 7
	firstRetry  = time.Minute // then four times as long each time: the last after a day
	sendTimeout = 20 * time.Second
)

// Channel is somewhere that alerts are sent to.
type Channel interface {
	Send(ctx context.Context, a Message) error
}

// Message is an alert as it is sent.
type Message struct {
	Event    string  `json:"event"` // "alert"
	ID       int64   `json:"id"`    // the same each time it is tried
	View     string  `json:"view"`
	Link     string  `json:"link"`
	Sentence string  `json:"sentence"`
	Reports  int64   `json:"reports"`
	Expected float64 `json:"expected"`
	Upper    float64 `json:"upper"`
	Until    string  `json:"until"` // the day after the period
	RaisedAt string  `json:"raised_at"`
	To       string  `json:"-"` // address of the account; "" for the demo
}

func message(a store.ViewAlert, base string) Message {
	return Message{"alert", a.ID, a.Name, base + "/hub" + a.Address, a.Sentence, a.Reports, a.Expected, a.Upper, a.Until.String(), a.RaisedAt.UTC().Format(time.RFC3339), a.Email}
}

// Deliver sends the alerts whose time has come through all channels. base is how
// browsers reach the hub. One that does not arrive is tried again later, by
// whichever replica.
func (w *Watcher) Deliver(ctx context.Context, base string) error {
	if len(w.Send) == 0 {
		return nil
	}
	for {
		a, err := w.Library.ClaimAlert(ctx, w.Now(), firstRetry, maxTries)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := w.deliver(ctx, a, base); err != nil {
			return err
		}
	}
}

func (w *Watcher) deliver(ctx context.Context, a store.ViewAlert, base string) error {
	var trouble error
	for _, c := range w.Send {
		ctx, cancel := context.WithTimeout(ctx, sendTimeout)
		trouble = errors.Join(trouble, c.Send(ctx, message(a, base)))
		cancel()
	}
	if trouble == nil {
		return w.Library.AlertSent(ctx, a.ID)
	}
	w.Log.Warn("an alert did not arrive, trying again later", slog.Int64("alert", a.ID), slog.Int("try", a.Tries), slog.Any("error", trouble))
	return nil
}

// Webhook posts alerts as JSON to an address that the operator chose.
type Webhook struct {
	URL    string
	Secret []byte // signs what is sent
	Now    func() time.Time
	Client *http.Client // nil for one that follows no redirect
}

var _ Channel = (*Webhook)(nil)

// SignatureHeader holds t=SECONDS,v1=HEX: the HMAC-SHA256 of the seconds, a dot
// and the body. A receiver compares in constant time and refuses old seconds.
const SignatureHeader = "StreetSafe-Signature"

// Sign makes the value of SignatureHeader.
func Sign(secret []byte, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(seconds + "."))
	_, _ = mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Send implements Channel.
func (h *Webhook) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(SignatureHeader, Sign(h.Secret, h.Now(), body))
	client := h.Client
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("webhook: answered %s", resp.Status)
	}
	return nil
}

// Mail sends alerts to the address of the account that keeps the view.
type Mail struct {
	Addr     string // host:port of the SMTP server
	From     string
	User     string // "" for no login
	Password string
	Insecure bool // without TLS: for a server on the same machine
	Now      func() time.Time
	TLS      *tls.Config // nil for the system's roots
}

var _ Channel = (*Mail)(nil)

// Send implements Channel. A view of the demo has no address and no mail.
func (m *Mail) Send(ctx context.Context, a Message) error {
	if a.To == "" {
		return nil
	}
	if err := m.send(ctx, a); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

func (m *Mail) send(ctx context.Context, a Message) (err error) {
	host, _, err := net.SplitHostPort(m.Addr)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Addr)
	if err != nil {
		return err
	}
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer func() { _ = c.Close() }() // after Quit it is closed already
	if !m.Insecure {
		cfg := m.TLS.Clone()
		if cfg == nil {
			cfg = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		cfg.ServerName = host
		if err := c.StartTLS(cfg); err != nil {
			return err
		}
	}
	if m.User != "" {
		if err := c.Auth(smtp.PlainAuth("", m.User, m.Password, host)); err != nil {
			return err
		}
	}
	if err := errors.Join(c.Mail(m.From), c.Rcpt(a.To)); err != nil {
		return err
	}
	out, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := out.Write(m.text(a)); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// text is the mail. The view's name is what somebody typed: encoded, it can add
// no header.
func (m *Mail) text(a Message) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: StreetSafe <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <alert-%d@%s>\r\n",
		m.From, a.To, mime.QEncoding.Encode("utf-8", "StreetSafe: "+a.View+" rose"), m.Now().Format(time.RFC1123Z), a.ID, m.From[strings.LastIndex(m.From, "@")+1:])
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n")
	fmt.Fprintf(&b, "Your saved view \"%s\" rose beyond what its history explains.\r\n\r\n%s\r\n\r\n%s\r\n\r\nYou get this since the view has alerts switched on. Switch them off in the hub.\r\n", a.View, a.Sentence, a.Link)
	return []byte(b.String())
}
