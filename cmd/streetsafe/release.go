package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// releaseOptions are the settings of `release build`, `list` and `verify`.
type releaseOptions struct {
	storage
	public                               string
	boundaries, boundaryID, boundaryName string
	policy                               string
	about                                release.About
	now                                  func() time.Time
}

func (o *releaseOptions) addReleaseFlags(f *pflag.FlagSet) {
	o.now = time.Now
	o.storage.addFlags(f, defaultData)
	f.StringVar(&o.public, "public", "", "directory that the public gets (default: public in the data directory)")
}

// vaultDir holds the frozen blocks, publicDir what the public gets.
func (o *releaseOptions) vaultDir() string { return filepath.Join(o.dir, "release-vault") }

func (o *releaseOptions) publicDir() string {
	if o.public != "" {
		return o.public
	}
	return filepath.Join(o.dir, "public")
}

func newRelease(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Make, check and attack the public releases",
		Long: `release makes the data that the public sees: counts of half-years with noise, from
which nobody can tell whether a certain person reported. A release is made once
and never changes. docs/PRIVACY.md says what is promised and how it is tested.`,
		Example: `  streetsafe release build --data DIR 2026-H1
  streetsafe release list --data DIR
  streetsafe release verify --data DIR
  streetsafe release attack`,
	}
	cmd.AddCommand(newReleaseBuild(std), newReleaseList(std), newReleaseVerify(std), newReleaseAttack(std))
	return cmd
}

func newReleaseBuild(std *streams) *cobra.Command {
	var o releaseOptions
	cmd := &cobra.Command{
		Use:   "build [flags] [HALF-YEAR...]",
		Short: "Freeze half-years and publish them",
		Long: `build freezes half-years, such as 2026-H1, and writes the files that the public
gets. Without an argument it takes every half-year that is ready. A half-year is
ready 60 days after it closed. It is frozen once: the noise is drawn under a key
that is destroyed at once, and a second build is refused.

DATA/release-vault holds the frozen blocks. It is private, and must be backed up
with the store: without it nothing can be published again, and there is no other.
DATA/public is for everybody: serve it with streetsafe-public or any web server.

DATA/public/catalog.jsonld is the entry for an open-data portal (DCAT). Every build
writes it anew from --publisher, --licence, --contact and --base-url, so give
them each time.

The first build fixes the universe: the land cells and the police forces, from
--boundaries, or the United Kingdom with London as an area of its own.`,
		Example: `  streetsafe release build --data DIR
  streetsafe release build --data DIR 2025-H2 2026-H1
  streetsafe release build --data DIR --boundaries forces.geojson \
    --boundary-id PFA20CD --boundary-name PFA20NM 2026-H1
  streetsafe release build --data DIR --public /srv/public
  streetsafe release build --data DIR --publisher 'Croydon Council' \
    --contact mailto:data@example.org --base-url https://safe.example.org`,
		RunE: func(cmd *cobra.Command, args []string) error { return runReleaseBuild(cmd.Context(), std, o, args) },
	}
	f := cmd.Flags()
	o.addReleaseFlags(f)
	f.StringVar(&o.boundaries, "boundaries", "", "GeoJSON file with the outlines of police forces, in WGS84; only for the first build")
	f.StringVar(&o.boundaryID, "boundary-id", "id", "property of --boundaries that identifies a force")
	f.StringVar(&o.boundaryName, "boundary-name", "name", "property of --boundaries that names a force")
	f.StringVar(&o.policy, "policy", "", "policy file with floors, thresholds and epsilon (default: the built-in one)")
	f.StringVar(&o.about.Publisher, "publisher", "", "name of the body that publishes, for the catalogue")
	f.StringVar(&o.about.Licence, "licence", release.DefaultLicence, "URL of the licence, for the catalogue")
	f.StringVar(&o.about.Contact, "contact", "", "https: or mailto: URL to ask at, for the catalogue")
	f.StringVar(&o.about.URL, "base-url", "", "address of the public site as the public knows it, such as https://safe.example.org; without it the catalogue's addresses are relative")
	return cmd
}

func runReleaseBuild(ctx context.Context, std *streams, o releaseOptions, args []string) error {
	halves, err := parseHalves(args)
	if err != nil {
		return err
	}
	err = o.withBuilder(ctx, func(st store.Store, b *release.Builder) error {
		if len(halves) > 0 {
			err = b.Build(ctx, halves...)
		} else {
			halves, err = buildReady(ctx, st, b)
		}
		if err != nil {
			return err
		}
		return freezeDemographics(ctx, st, b)
	})
	if err != nil {
		return err
	}
	if len(halves) == 0 {
		fmt.Fprintln(std.out, "no half-year is ready that is not frozen: see streetsafe release list")
	}
	for _, h := range halves {
		fmt.Fprintf(std.out, "%v frozen and published in %s\n", h, o.publicDir())
	}
	return nil
}

func parseHalves(args []string) ([]release.HalfYear, error) {
	var halves []release.HalfYear
	for _, a := range args {
		h, err := release.ParseHalfYear(a)
		if err != nil {
			return nil, err
		}
		halves = append(halves, h)
	}
	return halves, nil
}

// builder opens the vault of a data directory over its store.
func (o *releaseOptions) builder(ctx context.Context, st store.Store) (*release.Builder, error) {
	synthetic, err := anySynthetic(ctx, st)
	if err != nil {
		return nil, err
	}
	settings := release.Options{VaultDir: o.vaultDir(), PublicDir: o.publicDir(), Today: report.DayOf(o.now().UTC()),
		Source: releaseSource{st}, Registry: releaseRegistry{st}, Attach: attachActions(st), Synthetic: synthetic, About: o.about}
	if o.policy != "" {
		b, err := os.ReadFile(o.policy)
		if err != nil {
			return nil, fmt.Errorf("--policy: %w", err)
		}
		p, err := release.ParsePolicy(b)
		if err != nil {
			return nil, fmt.Errorf("--policy %s: %w", o.policy, err)
		}
		settings.Policy = &p
	}
	if o.boundaries != "" {
		if settings.Universe, err = o.universe(); err != nil {
			return nil, fmt.Errorf("--boundaries %s: %w", o.boundaries, err)
		}
	}
	return release.NewBuilder(ctx, settings)
}

func (o *releaseOptions) withBuilder(ctx context.Context, fn func(store.Store, *release.Builder) error) error {
	return withStore(ctx, o.storage, func(st store.Store) error {
		b, err := o.builder(ctx, st)
		if err != nil {
			return err
		}
		return fn(st, b)
	})
}

func (o *releaseOptions) universe() (*release.Universe, error) {
	f, err := os.Open(o.boundaries)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	areas, err := release.ReadAreas(f, o.boundaryID, o.boundaryName)
	if err != nil {
		return nil, err
	}
	return release.NewOutlineUniverse(areas)
}

// buildReady freezes every half-year that holds reports of the store, has been
// closed for long enough, and is not frozen.
func buildReady(ctx context.Context, st store.Store, b *release.Builder) ([]release.HalfYear, error) {
	first, err := firstReport(ctx, st)
	if err != nil {
		return nil, err
	}
	if first == 0 {
		return nil, b.Publish(ctx)
	}
	return b.BuildReady(ctx, first)
}

// buildReleases makes the releases of every closed half-year of a data
// directory, which is quick when all are there, and returns the directory to
// serve. The demo calls it at its start.
func buildReleases(ctx context.Context, log *slog.Logger, st store.Store, data string) (publicDir string, err error) {
	start := time.Now()
	o := releaseOptions{storage: storage{dir: data}, now: time.Now}
	b, err := o.builder(ctx, st)
	if err != nil {
		return "", err
	}
	made, err := buildReady(ctx, st, b)
	if err == nil {
		err = freezeDemographics(ctx, st, b)
	}
	if err != nil {
		return "", err
	}
	if len(made) > 0 {
		log.Info("public releases made", slog.Int("half_years", len(made)), slog.Duration("took", time.Since(start).Round(time.Millisecond)))
	}
	return o.publicDir(), nil
}

// releaseSource reads the reports of a store. Every report that is imported
// counts, and its own day stands for the day of receipt; those of the form have
// a day of receipt and a weight.
type releaseSource struct{ st store.Store }

var _ release.Source = releaseSource{}

func (s releaseSource) Items(ctx context.Context, from, to report.Day, fn func(release.Item) error) error {
	give := func(it release.Item) error {
		if it.Received < from || it.Received >= to {
			return nil
		}
		return fn(it)
	}
	giveAll := func(rows []report.Report, weight int) error {
		for _, r := range rows {
			if err := give(release.Item{Report: r, Received: r.Day, Weight: weight}); err != nil {
				return err
			}
		}
		return nil
	}
	// What Changes hands over as if it were imported is taken back here, and
	// given as what it is.
	reached, err := s.st.Receipts(ctx, func(r store.Receipt) error {
		if r.Weight == 1 && r.ReceivedOn == r.Day {
			return nil
		}
		return errors.Join(
			give(release.Item{Report: r.Report, Received: r.Day, Weight: -1}),
			give(release.Item{Report: r.Report, Received: r.ReceivedOn, Weight: r.Weight}))
	})
	if err != nil {
		return err
	}
	_, err = s.st.Changes(ctx, 0, func(c store.Change) error {
		if c.Generation > reached {
			return nil // newer than what was taken back
		}
		return errors.Join(giveAll(c.Add, 1), giveAll(c.Retract, -1))
	})
	return err
}

// releaseRegistry remembers in the store what is frozen.
type releaseRegistry struct{ st store.Store }

var _ release.Registry = releaseRegistry{}

func (r releaseRegistry) key(name string) string { return "release_" + name }

func (r releaseRegistry) Frozen(ctx context.Context, name string) (string, bool, error) {
	return r.st.Meta(ctx, r.key(name))
}

func (r releaseRegistry) Claim(ctx context.Context, name, commitment string) (string, error) {
	return r.st.ClaimMeta(ctx, r.key(name), commitment)
}
