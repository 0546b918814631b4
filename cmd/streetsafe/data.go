package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

const (
	defaultData     = "streetsafe-data"
	defaultDemoData = "streetsafe-demo" // apart, so that made-up reports never mix with real ones
)

// dataFlag adds --data.
func dataFlag(flags *pflag.FlagSet, dir *string, def string) {
	flags.StringVar(dir, "data", def, "directory of the store")
}

// areaFlag adds --area.
func areaFlag(flags *pflag.FlagSet, area *string) {
	flags.StringVar(area, "area", "uk", "where reports are accepted from: uk, world, or west,south,east,north in degrees")
}

func databasePath(dir string) string { return filepath.Join(dir, sqlite.FileName) }

// openExisting opens the store of a directory and says what to do when there
// is none.
func openExisting(ctx context.Context, dir string) (*sqlite.Store, error) {
	st, err := sqlite.Open(ctx, databasePath(dir), sqlite.Options{})
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("there is no store in %s: make one with `streetsafe import --data %s FILE`, or try `streetsafe demo`", dir, dir)
	}
	return st, err
}

// openOrCreate opens the store of a directory, making it when there is none.
func openOrCreate(ctx context.Context, dir string) (*sqlite.Store, error) {
	return sqlite.Open(ctx, databasePath(dir), sqlite.Options{Create: true})
}

// anySynthetic reports whether a store holds made-up reports.
func anySynthetic(ctx context.Context, st store.Store) (bool, error) {
	sources, err := st.Sources(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range sources {
		if s.Synthetic && s.Reports > 0 {
			return true, nil
		}
	}
	return false, nil
}

// countAll returns the number of reports in a store by SQL.
func countAll(ctx context.Context, st store.Store) (int64, error) {
	return st.Count(ctx, report.Filter{}, 0)
}
