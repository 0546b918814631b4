package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/watch"
)

const (
	// lookAtViews is how often saved views are held to their history: a new batch
	// is looked at within that time.
	lookAtViews = time.Minute

	minWebhookSecret = 16
)

// alertOptions say where alerts of saved views go beside the hub.
type alertOptions struct {
	webhook       string
	webhookSecret string // file
	smtp          string
	from          string
	user          string
	passwordFile  string
}

func (o *alertOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.webhook, "alert-webhook", "", "address that alerts of saved views are posted to as JSON, signed; needs --alert-webhook-secret-file")
	flags.StringVar(&o.webhookSecret, "alert-webhook-secret-file", "", "file with the secret that signs them (HMAC-SHA256), 16 letters or more")
	flags.StringVar(&o.smtp, "smtp", "", "mail server that sends alerts to those who keep the view, HOST:PORT with STARTTLS; needs --smtp-from")
	flags.StringVar(&o.from, "smtp-from", "", "address that mails come from")
	flags.StringVar(&o.user, "smtp-user", "", "name to log in to the mail server with")
	flags.StringVar(&o.passwordFile, "smtp-password-file", "", "file with the password for it")
}

// channels makes what the options ask for.
func (o *alertOptions) channels() ([]watch.Channel, error) {
	var out []watch.Channel
	if o.webhook != "" {
		h, err := o.hook()
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	if o.smtp == "" {
		return out, nil
	}
	host, _, err := net.SplitHostPort(o.smtp)
	if err != nil {
		return nil, fmt.Errorf("--smtp %q: expected HOST:PORT", o.smtp)
	}
	from, err := mail.ParseAddress(o.from)
	if err != nil {
		return nil, fmt.Errorf("--smtp-from %q: expected an address such as hub@example.org", o.from)
	}
	m := &watch.Mail{Addr: o.smtp, From: from.Address, User: o.user, Insecure: isLoopback(host), Now: time.Now}
	if o.user != "" {
		if m.Password, err = secretFile("--smtp-password-file", o.passwordFile); err != nil {
			return nil, err
		}
	}
	return append(out, m), nil
}

func (o *alertOptions) hook() (*watch.Webhook, error) {
	u, err := url.Parse(o.webhook)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, fmt.Errorf("--alert-webhook %q: expected an https address", o.webhook)
	}
	secret, err := secretFile("--alert-webhook-secret-file", o.webhookSecret)
	if err != nil {
		return nil, err
	}
	if len(secret) < minWebhookSecret {
		return nil, fmt.Errorf("--alert-webhook-secret-file: the secret has %d letters, expected %d or more", len(secret), minWebhookSecret)
	}
	return &watch.Webhook{URL: o.webhook, Secret: []byte(secret), Now: time.Now}, nil
}

func secretFile(flag, path string) (string, error) {
	if path == "" {
		return "", errors.New(flag + " is missing")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// watchViews looks at saved views and sends alerts until ctx ends.
func watchViews(ctx context.Context, log *slog.Logger, w *watch.Watcher, base string, tick <-chan time.Time) {
	failing := false
	for {
		err := errors.Join(w.Look(ctx), w.Deliver(ctx, base))
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			log.Warn("cannot watch saved views, trying again at the next turn", slog.Any("error", err))
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}
