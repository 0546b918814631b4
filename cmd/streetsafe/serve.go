package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/site"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/watch"
)

// The server's limits. A tile takes a millisecond, so whoever needs longer to
// send a request or to take an answer holds a connection for nothing.
const (
	readHeaderTimeout = 10 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
	maxHeaderBytes    = 16 << 10
)

type serveOptions struct {
	storage storage
	mode    string // "demo" or "serve"
	listen  string
	origins []string
	hosts   []string
	cacheMB int
	basemap server.Basemap
	form    formOptions
	places  placesOptions
	alerts  alertOptions
	access  accessOptions
	embeds  []string

	// listener is where it listens when that began before serve; nil otherwise.
	listener net.Listener
}

// modeDemo is serveOptions.mode of the demo, which is open to everybody.
const modeDemo = "demo"

func (o *serveOptions) addFlags(flags *pflag.FlagSet, data string) {
	o.storage.addFlags(flags, data)
	o.form.addFlags(flags)
	o.places.addFlags(flags)
	o.alerts.addFlags(flags)
	o.access.addFlags(flags)
	flags.StringSliceVar(&o.embeds, "embed-origin", nil, "site that may frame the public map's embeds, such as https://www.example.org or https://*.example.org (default: every https site)")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to answer on; port 0 picks a free one")
	flags.StringSliceVar(&o.origins, "cors-origin", nil, "web origin whose scripts may read answers, such as https://maps.example.org; * for all (demo: * unless given)")
	flags.StringSliceVar(&o.hosts, "host", nil, "further host name to answer for, when a proxy passes on its own")
	flags.IntVar(&o.cacheMB, "cache-mb", 256, "memory for finished answers, in MiB; 0 keeps none")
	flags.StringVar(&o.basemap.URL, "basemap-url", "", "online basemap as an XYZ template with {z}, {x} and {y}; browsers then ask that host (default: offline)")
	flags.StringVar(&o.basemap.Attribution, "basemap-attribution", "", "attribution that the online basemap asks for")
	flags.IntVar(&o.basemap.MaxZoom, "basemap-maxzoom", 19, "deepest zoom of the online basemap")
}

// check refuses settings that cannot work or would publish what is not public.
func (o *serveOptions) check() error {
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return fmt.Errorf("--listen %q: expected HOST:PORT, such as 127.0.0.1:8080", o.listen)
	}
	if o.mode == modeDemo && !o.onLoopback() {
		return fmt.Errorf("--listen %s refused: the demo asks nobody to log in, so it answers on loopback only (127.0.0.1, ::1 or localhost). Use streetsafe serve, which has accounts, or an SSH tunnel", o.listen)
	}
	if o.cacheMB < 0 {
		return fmt.Errorf("--cache-mb %d: expected 0 or more", o.cacheMB)
	}
	return checkBasemap(o.basemap)
}

func checkBasemap(b server.Basemap) error {
	if b.URL == "" {
		return nil
	}
	u, err := url.Parse(strings.Replace(b.URL, "{s}.", "a.", 1))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("--basemap-url %q: expected a URL such as https://tiles.example.org/{z}/{x}/{y}.png", b.URL)
	}
	for _, part := range []string{"{z}", "{x}", "{y}"} {
		if !strings.Contains(b.URL, part) {
			return fmt.Errorf("--basemap-url %q: lacks %s", b.URL, part)
		}
	}
	if b.Attribution == "" {
		return errors.New("--basemap-url needs --basemap-attribution: map suppliers ask for one")
	}
	return nil
}

// claim listens on the address, unless that is already done.
func (o *serveOptions) claim() (net.Listener, error) {
	if o.listener != nil {
		return o.listener, nil
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (is another StreetSafe running? choose a port with --listen)", o.listen, err)
	}
	return l, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func newServe(std *streams) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the map of a store",
		Long: `serve loads the reports of a store into memory and answers tiles, API and pages.
New batches, from an import beside it for instance, appear without a restart.
Everybody logs in. When there is no account yet, it prints a link with which you
make the first administrator; it then answers on loopback only.

Behind a proxy that speaks TLS, give --public-url and --trusted-proxy. Forces and
councils log in through their own provider with the --oidc flags.`,
		Example: `  streetsafe serve --data /var/lib/streetsafe
  streetsafe serve --data DIR --listen 127.0.0.1:9000
  streetsafe serve --data DIR --listen :8080 --public-url https://hub.example.org --trusted-proxy 10.0.0.0/8
  streetsafe serve --data DIR --public-url https://hub.example.org --oidc-issuer https://login.example.org \
    --oidc-client-id streetsafe --oidc-group met=officer:metropolitan --oidc-group lighting=planner:E09000008
  STREETSAFE_DATA=/var/lib/streetsafe streetsafe serve --log-format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.mode = "serve"
			if err := o.check(); err != nil {
				return err
			}
			st, err := o.storage.open(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			return serve(cmd.Context(), std, st, o)
		},
	}
	o.addFlags(cmd.Flags(), defaultData)
	return cmd
}

// serve answers requests from the store until ctx ends.
func serve(ctx context.Context, std *streams, st store.Store, o serveOptions) error {
	limitGarbage()
	kept, err := libraryOf(st)
	if err != nil {
		return err
	}
	sets := newDatasets(std.log, kept)
	bench, err := sets.load(ctx)
	if err != nil {
		return err
	}
	o.access.areas = sets.binding()
	gate, err := o.admit(ctx, std, st)
	if err != nil {
		return err
	}
	saved := newSnapshotFile(o.storage.dir, st, std.log)
	live, err := loadLive(ctx, std.log, st, saved)
	if err != nil {
		return err
	}
	synthetic, err := anySynthetic(ctx, st)
	if err != nil {
		return err
	}
	book, err := openBook(ctx, std.log, st, synthetic)
	if err != nil {
		return err
	}
	places, err := o.places.open(std.log)
	if err != nil {
		return err
	}
	outside, err := o.places.openOutside()
	if err != nil {
		return err
	}
	mounted, err := o.form.mount(ctx, st, form.Parts{Gazetteer: places, Outside: outside,
		Places: newPlaceFacts((&releaseOptions{storage: o.storage}).publicDir(), actionsOf(book)), Log: std.log})
	if err != nil {
		return err
	}
	listener, err := o.claim()
	if err != nil {
		return err
	}
	send, err := o.alerts.channels()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	views := watch.New(watch.Parts{Library: kept, Gate: gate, Cube: live.cube, Log: std.log, Send: send})
	handler, err := server.New(o.config(st, synthetic, listener.Addr()), server.Parts{
		Cube: live.cube, Gazetteer: places, Readiness: live.readiness, Log: std.log, Mounted: mounted.handlers, Posters: mounted.posters, Access: gate, Packages: writePackage, Views: views, Review: st, Actions: book,
		MonthPrecision: (&monthNote{live: live}).precision, HistoryFrom: live.historyFrom,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var background sync.WaitGroup
	defer func() { cancel(); background.Wait() }()
	handler.SetWorkbench(bench)
	context.AfterFunc(ctx, handler.EndStreams) // they would keep a shutdown waiting
	live.announce = handler.Announce
	background.Go(func() { live.follow(ctx) })
	background.Go(func() { gate.Follow(ctx) })
	setsTick := time.NewTicker(lookForDatasets)
	defer setsTick.Stop()
	background.Go(func() {
		sets.follow(ctx, setsTick.C, func(w *server.Workbench) {
			gate.SetAreas(sets.binding()) // first: nobody sees more for a moment
			handler.SetWorkbench(w)
		})
	})
	viewsTick := time.NewTicker(lookAtViews)
	defer viewsTick.Stop()
	base := o.access.publicURL
	if base == "" {
		base = "http://" + listener.Addr().String()
	}
	background.Go(func() { watchViews(ctx, std.log, views, strings.TrimSuffix(base, "/"), viewsTick.C) })
	saveTick := time.NewTicker(saveEvery)
	defer saveTick.Stop()
	background.Go(func() { saved.keepSaved(ctx, live.cube, saveTick.C) })
	tick := time.NewTicker(publishEvery)
	defer tick.Stop()
	background.Go(func() { publish(ctx, std.log, st, store.DefaultSchedule(), tick.C) })
	retainTick := time.NewTicker(retainEvery)
	defer retainTick.Stop()
	releases, err := newPublicMap(o.site(std.log), o.storage, handler)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	releaseTick := time.NewTicker(lookForReleases)
	defer releaseTick.Stop()
	var demo store.Store
	if o.mode == "demo" {
		demo = st
	}
	background.Go(func() { releases.follow(ctx, demo, releaseTick.C) })
	actionsTick := time.NewTicker(lookForActions)
	defer actionsTick.Stop()
	background.Go(func() { book.Follow(ctx, actionsTick.C) })
	retryTick := time.NewTicker(retryActions)
	defer retryTick.Stop()
	background.Go(func() { newPublisher(std.log, st, book, releases.dir).Follow(ctx, retryTick.C, releases.lookAtActions) })
	background.Go(func() { retainDaily(ctx, std.log, st, time.Now, retainTick.C) })
	if err := inviteFirst(ctx, std.out, gate, listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintf(std.out, "listening on http://%s\n", listener.Addr())
	return serveHTTP(ctx, std.log, listener, releases)
}

// site is how the public pages are reached.
func (o *serveOptions) site(log *slog.Logger) site.Config {
	cfg := site.Config{EmbedOrigins: o.embeds, Log: log}
	if o.access.publicURL != "" {
		cfg.Base = strings.TrimSuffix(o.access.publicURL, "/") + publicPrefix + "/"
	}
	return cfg
}

func (o *serveOptions) config(st store.Store, synthetic bool, addr net.Addr) server.Config {
	hosts := append([]string{"localhost", "127.0.0.1", "::1"}, append(o.hosts, o.access.hostOf()...)...)
	if host, _, err := net.SplitHostPort(addr.String()); err == nil {
		hosts = append(hosts, host)
	}
	return server.Config{
		Mode: o.mode, Version: version, Synthetic: synthetic, StoreID: shortID(st.ID()), Basemap: o.basemap,
		Origins: o.origins, Hosts: hosts, CacheBytes: int64(o.cacheMB) << 20,
	}
}

// shortID keeps eight hexadecimal digits of a store's random name: enough that
// two stores behind one address do not share tile URLs.
func shortID(id string) string {
	id = strings.ReplaceAll(strings.ToLower(id), "-", "")
	return id[:min(len(id), 8)]
}

// serveHTTP answers until ctx ends, then lets requests under way end.
func serveHTTP(ctx context.Context, log *slog.Logger, l net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: errorLog(log),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping: waiting for requests under way")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		return fmt.Errorf("stop: %w", errors.Join(err, srv.Close()))
	}
	return nil
}
