// Command streetsafe-public serves the public map over a directory of public
// releases. It links no database and keeps no log of requests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/streetsafe/streetsafe/internal/release/public"
	"github.com/streetsafe/streetsafe/internal/site"
)

const (
	readHeaderTimeout = 10 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
	maxHeaderBytes    = 16 << 10
)

const usage = `streetsafe-public serves the public map of StreetSafe: its pages, maps to embed
and the files of the releases.

Usage:
  streetsafe-public [--dir DIR] [--listen HOST:PORT] [--base-url URL] [--report-url URL]
                    [--embed-origin ORIGIN]...

Examples:
  streetsafe-public --dir streetsafe-data/public
  streetsafe-public --dir /srv/public --listen :8090 --base-url https://maps.example.org/ \
    --report-url https://report.example.org/report --embed-origin https://www.example.gov.uk

SIGHUP loads releases that were added to the directory. No request is logged.

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr, reload)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "streetsafe-public: "+err.Error())
		stop()
		os.Exit(1) //nolint:gocritic // stop was called above
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, out, log io.Writer, reload <-chan os.Signal) error {
	flags := flag.NewFlagSet("streetsafe-public", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.Usage = func() { fmt.Fprint(log, usage); flags.PrintDefaults() }
	dir := flags.String("dir", "streetsafe-data/public", "directory that `streetsafe release build` publishes to")
	listen := flags.String("listen", "127.0.0.1:8090", "address to answer on; port 0 picks a free one")
	var cfg site.Config
	flags.StringVar(&cfg.Base, "base-url", "", "address of this site as the public knows it, such as https://maps.example.org/ (default: as each request says)")
	flags.StringVar(&cfg.ReportURL, "report-url", "", "address of the report form, for the link to it")
	flags.Func("embed-origin", "site that may frame the embeds, such as https://www.example.org or https://*.example.org; may be given again (default: every https site)", func(s string) error {
		cfg.EmbedOrigins = append(cfg.EmbedOrigins, s)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: see --help", flags.Arg(0))
	}
	logger := slog.New(slog.NewTextHandler(log, nil))
	h, err := public.NewHandler(*dir)
	if err != nil {
		return err
	}
	cfg.Log = logger
	pages, err := site.New(cfg, h)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", *listen, err)
	}
	logger.Info("releases loaded", slog.Int("releases", h.Releases()), slog.Int("files", len(h.Paths())), slog.Int64("bytes", h.Bytes()))
	fmt.Fprintf(out, "listening on http://%s\n", l.Addr())
	tick := time.NewTicker(lookForActions)
	defer tick.Stop()
	go h.FollowActions(ctx, tick.C, func(err error) {
		logger.Error("actions not loaded; serving what was loaded", slog.Any("error", err))
	})
	return serve(ctx, l, pages, h, reload, logger)
}

// lookForActions is how soon a change of the published actions is served. A look
// reads one small file; releases, which come twice a year, wait for the signal.
const lookForActions = 5 * time.Second

func serve(ctx context.Context, l net.Listener, pages http.Handler, h *public.Handler, reload <-chan os.Signal, logger *slog.Logger) error {
	// The error log of net/http names remote addresses, so there is none.
	srv := &http.Server{Handler: pages, ReadHeaderTimeout: readHeaderTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, DisableGeneralOptionsHandler: true, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-reload:
			if err := h.Reload(); err != nil {
				logger.Error("releases not loaded again; serving what was loaded", slog.Any("error", err))
			} else {
				logger.Info("releases loaded", slog.Int("releases", h.Releases()), slog.Int("files", len(h.Paths())))
			}
		case <-ctx.Done():
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
			defer cancel()
			if err := srv.Shutdown(grace); err != nil {
				return fmt.Errorf("stop: %w", errors.Join(err, srv.Close()))
			}
			return nil
		}
	}
}
