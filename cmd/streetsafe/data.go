package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/postgres"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

const (
	defaultData     = "streetsafe-data"
	defaultDemoData = "streetsafe-demo" // apart, so that made-up reports never mix with real ones
)

// storage says where the reports are: in an SQLite file in a directory, or in
// PostgreSQL when its URL is set.
type storage struct {
	dir     string
	url     string
	readURL string
}

func (s *storage) addFlags(flags *pflag.FlagSet, defaultDir string) {
	flags.StringVar(&s.dir, "data", defaultDir, "directory of the store")
	flags.StringVar(&s.url, "database-url", "", "keep the reports in PostgreSQL: postgres://user:password@host/name (default: SQLite in the directory)")
	flags.StringVar(&s.readURL, "database-read-url", "", "hot standby of that PostgreSQL to read from")
}

// areaFlag adds --area.
func areaFlag(flags *pflag.FlagSet, area *string) {
	flags.StringVar(area, "area", "uk", "where reports are accepted from: uk, world, or west,south,east,north in degrees")
}

func (s storage) path() string { return filepath.Join(s.dir, sqlite.FileName) }

// String names the store for people, without a password.
func (s storage) String() string {
	if s.url == "" {
		return s.path()
	}
	u, err := url.Parse(s.url)
	if err != nil {
		return "PostgreSQL"
	}
	return "PostgreSQL at " + u.Host + u.Path
}

// parseStorage reads a store written as sqlite:DIR or postgres://...
func parseStorage(flag, text string) (storage, error) {
	if dir, ok := strings.CutPrefix(text, "sqlite:"); ok && dir != "" {
		return storage{dir: dir}, nil
	}
	s := storage{url: text}
	if text == "" || s.check() != nil {
		return s, fmt.Errorf("%s: expected sqlite:DIR or postgres://user:password@host/name", flag)
	}
	return s, nil
}

// flags repeats the flags that lead to this store, for messages.
func (s storage) flags() string {
	if s.url != "" {
		return "--database-url ..."
	}
	return "--data " + s.dir
}

func (s storage) check() error {
	if s.url == "" {
		if s.readURL != "" {
			return errors.New("--database-read-url is a standby of --database-url, which is not set")
		}
		return nil
	}
	if !strings.HasPrefix(s.url, "postgres://") && !strings.HasPrefix(s.url, "postgresql://") {
		return errors.New("--database-url: expected postgres://user:password@host/name")
	}
	return nil
}

// open opens the store and says what to do when there is none.
func (s storage) open(ctx context.Context) (store.Store, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.url != "" {
		return s.openPostgres(ctx, false)
	}
	st, err := sqlite.Open(ctx, s.path(), sqlite.Options{})
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s: make one with `streetsafe import %s FILE`, an empty one with `streetsafe migrate up %s`, or try `streetsafe demo`", store.ErrNotExist, s.dir, s.flags(), s.flags())
	}
	if err != nil {
		return nil, err
	}
	return st, nil
}

// create opens the store, makes it when there is none and brings its schema up
// to date.
func (s storage) create(ctx context.Context) (store.Store, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.url != "" {
		return s.openPostgres(ctx, true)
	}
	st, err := sqlite.Open(ctx, s.path(), sqlite.Options{Create: true})
	if err != nil {
		return nil, err
	}
	return st, nil
}

func (s storage) openPostgres(ctx context.Context, migrate bool) (store.Store, error) {
	st, err := postgres.Open(ctx, postgres.Options{URL: s.url, ReadURL: s.readURL, Migrate: migrate})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	return st, nil
}

// migrations tells the state of the schema, whether or not it fits.
func (s storage) migrations(ctx context.Context) ([]store.MigrationState, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.url != "" {
		return postgres.MigrationStatus(ctx, s.url)
	}
	return sqlite.MigrationStatus(ctx, s.path())
}

// anySynthetic reports whether a store holds made-up reports.
func anySynthetic(ctx context.Context, st store.Store) (bool, error) {
	labels, err := st.Labels(ctx)
	return slices.ContainsFunc(labels, func(l store.Label) bool { return l.Synthetic }), err
}

// countAll returns the number of reports in a store by SQL.
func countAll(ctx context.Context, st store.Store) (int64, error) {
	return st.Count(ctx, report.Filter{}, 0)
}
