package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

const (
	// formSource is where reports of the public form come from.
	formSource = "form"

	// metaFormSecret keeps the key of place receipts, in hexadecimal. With it
	// and the store nobody learns more than with the store: receipts are kept
	// nowhere.
	metaFormSecret = "form_secret"
)

// formOptions are the settings of the public report form.
type formOptions struct {
	off       bool
	area      string
	baseURL   string
	exitURL   string
	support   string
	proxies   []string
	keys      []string
	proofBits int
	basemap   form.Basemap
	keyFile   string
}

func (o *formOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.off, "no-form", false, "do not serve the public report form")
	flags.StringVar(&o.area, "form-area", "uk", "where the form takes reports from: uk, world, or west,south,east,north in degrees")
	flags.StringVar(&o.baseURL, "base-url", "", "address of this site as people reach it, for posters, such as https://streetsafe.example (default: as asked)")
	flags.StringVar(&o.exitURL, "exit-url", "", "where \"Exit this page\" leads (default: a weather page)")
	flags.StringVar(&o.support, "support-file", "", "JSON file with the support services that the form names (default: national ones)")
	flags.StringSliceVar(&o.proxies, "trusted-proxy", nil, "network whose X-Forwarded-For is believed, such as 10.0.0.0/8; needed behind a proxy, or all reports count as one network's")
	flags.StringSliceVar(&o.keys, "sender-key", nil, "api key of an application that sends for many people: no proof of work, no hourly limit")
	flags.IntVar(&o.proofBits, "proof-bits", 0, "zero bits of the proof of work; negative for none (default 16)")
	flags.StringVar(&o.keyFile, "form-key-file", "", "file with a secret of 32 letters or more that servers side by side share, so that a report begun on one is finished on another (default: keys in memory only)")
	flags.StringVar(&o.basemap.URL, "form-basemap", "", "path of this host with map tiles for the form, such as /basemap/{z}/{x}/{y}.png (default: offline)")
	flags.StringVar(&o.basemap.Attribution, "form-basemap-attribution", "", "attribution of that map")
}

// mountedForm is what a server needs of the form; all of it is nil when it is off.
type mountedForm struct {
	handlers map[string]http.Handler // by the paths it answers at
	posters  func() map[string]int
}

// mount makes the form. The parts lack their sink, which is the store.
func (o *formOptions) mount(ctx context.Context, st store.Store, parts form.Parts) (out mountedForm, err error) {
	if o.off {
		return out, nil
	}
	cfg, err := o.config()
	if err != nil {
		return out, err
	}
	if cfg.Secret, err = formSecret(ctx, st); err != nil {
		return out, err
	}
	parts.Sink = formSink{st}
	h, err := form.New(cfg, parts)
	if err != nil {
		return out, err
	}
	out = mountedForm{handlers: map[string]http.Handler{}, posters: h.PosterOpens}
	for _, p := range form.Prefixes() {
		out.handlers[p] = h
	}
	return out, nil
}

func (o *formOptions) config() (form.Config, error) {
	cfg := form.Config{BaseURL: o.baseURL, ExitURL: o.exitURL, SenderKeys: o.keys, ProofBits: o.proofBits, Basemap: o.basemap}
	var err error
	if cfg.Area, err = report.ParseArea(o.area); err != nil {
		return cfg, fmt.Errorf("--form-area: %w", err)
	}
	for _, p := range o.proxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return cfg, fmt.Errorf("--trusted-proxy %q: expected a network such as 10.0.0.0/8 or 192.0.2.1/32", p)
		}
		cfg.TrustedProxies = append(cfg.TrustedProxies, prefix)
	}
	if o.keyFile != "" {
		cfg.SharedKey = func() ([][]byte, error) { return readKeyFile(o.keyFile) }
	}
	if o.support == "" {
		return cfg, nil
	}
	f, err := os.Open(o.support)
	if err != nil {
		return cfg, fmt.Errorf("--support-file: %w", err)
	}
	defer f.Close()
	if cfg.Support, err = form.ReadSupport(f); err != nil {
		return cfg, fmt.Errorf("--support-file %s: %w", o.support, err)
	}
	return cfg, nil
}

// readKeyFile reads the secrets that servers side by side share: one a line.
func readKeyFile(name string) (secrets [][]byte, err error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--form-key-file: %w", err)
	}
	for line := range bytes.Lines(raw) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			secrets = append(secrets, line)
		}
	}
	return secrets, nil
}

// formSecret reads the key of place receipts, and makes it the first time.
func formSecret(ctx context.Context, st store.Store) ([]byte, error) {
	text, ok, err := st.Meta(ctx, metaFormSecret)
	if err == nil && !ok {
		if err = st.SetMeta(ctx, metaFormSecret, hex.EncodeToString(form.NewSecret())); err == nil {
			// Of two that make one at the same time, both use the last.
			text, _, err = st.Meta(ctx, metaFormSecret)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key of place receipts: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("the store's setting " + metaFormSecret + " is damaged: delete it, and old place receipts no longer open")
	}
	return secret, nil
}

// formSink hands reports of the form to the store, which publishes them on
// schedule, and keeps what reporters say of themselves apart.
type formSink struct{ st store.Store }

var (
	_ form.Sink      = formSink{}
	_ form.Describer = formSink{}
)

// Accept is form.Sink.Accept.
func (s formSink) Accept(ctx context.Context, sub form.Submission) error {
	return s.st.Submit(ctx, formSource, store.Submission{
		Record: report.Record{Report: sub.Report, ExternalID: sub.Key.String()},
		Weight: sub.Weight, Quarantine: sub.Quarantine,
	})
}

// Describe is form.Describer.Describe.
func (s formSink) Describe(ctx context.Context, key uuid.UUID, d form.Demographics) error {
	return s.st.Describe(ctx, formSource, key.String(), store.Demographics(d))
}
