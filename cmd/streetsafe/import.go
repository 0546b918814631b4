package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/ingest"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

type importOptions struct {
	storage                                         storage
	area, source, preset, format, timezone, rejects string
	columns, factors                                []string
	dryRun, asJSON                                  bool
}

func newImport(std *streams) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import [flags] FILE...",
		Short: "Put reports from CSV, NDJSON or GeoJSON files into a store",
		Long:  importHelp(),
		Example: `  streetsafe import --data DIR reports.csv
  streetsafe import --data DIR --dry-run reports.ndjson.gz
  zcat reports.csv.gz | streetsafe import --data DIR --source monthly -
  streetsafe import --data DIR --timezone Europe/London --column lat=Y --column lng=X \
    --column occurred_at='Date reported' --column factors=Category \
    --factor 'Street Light Out=badly_lit' --factor '*=' council.csv
  streetsafe import --data DIR --area world 311.csv`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) == 0 {
				return seeHelp(cmd, errors.New("no file is named"))
			}
			opts, err := o.options()
			if err == nil {
				err = o.check(files)
			}
			if err != nil {
				return seeHelp(cmd, err)
			}
			return runImport(cmd.Context(), std, importJob{o, opts}, files)
		},
	}
	f := cmd.Flags()
	o.storage.addFlags(f, defaultData)
	areaFlag(f, &o.area)
	f.StringVar(&o.source, "source", "", "name of the source, within which identifiers are unique (default: the file's name)")
	f.StringVar(&o.preset, "preset", "", "kind of file (default: recognised by its header)")
	f.StringVar(&o.format, "format", "auto", "csv, ndjson, geojson or json; auto recognises it by content")
	f.StringVar(&o.timezone, "timezone", "", "time zone of the place, such as Europe/London; all times are converted to it (default: the preset's, else the clock as written)")
	f.StringArrayVar(&o.columns, "column", nil, "which header holds a field, as name=header; may be repeated")
	f.StringArrayVar(&o.factors, "factor", nil, "which factors a category stands for, as 'category=factor|factor'; '*' stands for all others; may be repeated")
	f.StringVar(&o.rejects, "rejects", "", "file for rejected rows (default: FILE.rejects.csv in the working directory)")
	f.BoolVar(&o.dryRun, "dry-run", false, "read and check only; store nothing")
	f.BoolVar(&o.asJSON, "json", false, "print the summaries as JSON, one a line")
	return cmd
}

func importHelp() string {
	var b strings.Builder
	b.WriteString(`import reads files, plain or gzip, or standard input as -, and adds what is new.
Importing a file twice adds nothing. One bad row never stops a file: it goes to
the rejects file with its line, field, value and what is expected.

The canonical columns are external_id, lat, lng, occurred_at and factors, with
factors separated by |, and times as RFC 3339 or 2006-01-02 15:04:05. Exact
positions and clock times are reduced on the way in and never stored.

Factors: `)
	b.WriteString(strings.Join(report.AllFactors.IDs(), ", "))
	b.WriteString("\n\nKinds of file that are recognised by their header:\n")
	for _, p := range ingest.Presets() {
		fmt.Fprintf(&b, "  %-18s %s\n", p.Name, p.Title)
	}
	return strings.TrimRight(b.String(), "\n")
}

// options turns the flags into what the reader takes.
func (o importOptions) options() (ingest.Options, error) {
	area, err := report.ParseArea(o.area)
	if err != nil {
		return ingest.Options{}, fmt.Errorf("--area: %w", err)
	}
	columns, err := ingest.ParseColumns(o.columns)
	if err != nil {
		return ingest.Options{}, fmt.Errorf("--column: %w", err)
	}
	factors, err := ingest.ParseFactors(o.factors)
	if err != nil {
		return ingest.Options{}, fmt.Errorf("--factor: %w", err)
	}
	format, err := ingest.ParseFormat(o.format)
	if err != nil {
		return ingest.Options{}, fmt.Errorf("--format: %w", err)
	}
	if err := ingest.CheckPreset(o.preset); err != nil {
		return ingest.Options{}, fmt.Errorf("--preset: %w", err)
	}
	if err := ingest.CheckTimezone(o.timezone); err != nil {
		return ingest.Options{}, fmt.Errorf("--timezone: %w", err)
	}
	return ingest.Options{
		// Somewhere it is already tomorrow.
		Rules:  report.Rules{Area: area, Today: report.DayOf(time.Now().UTC().Add(14 * time.Hour))},
		Source: o.source, Preset: o.preset, Format: format, Columns: columns, Factors: factors,
		Timezone: o.timezone, DryRun: o.dryRun,
	}, nil
}

// check refuses flags that do not go with several files.
func (o importOptions) check(files []string) error {
	if o.source != "" && len(files) > 1 {
		return errors.New("--source with several files would mix their identifiers: import them one by one, or leave --source out")
	}
	if o.rejects != "" && len(files) > 1 {
		return errors.New("--rejects with several files: import them one by one, or leave --rejects out")
	}
	return nil
}

// importJob is what all files of one command have in common.
type importJob struct {
	importOptions
	read ingest.Options
}

func runImport(ctx context.Context, std *streams, o importJob, files []string) error {
	if o.rejects != "" {
		if err := ingest.NewRejectFile(o.rejects).Check(); err != nil {
			return fmt.Errorf("--rejects: %w", err)
		}
	}
	var sink ingest.Sink
	if !o.dryRun {
		st, err := o.storage.create(ctx)
		if err != nil {
			return err
		}
		defer st.Close()
		sink = newStoreSink(st)
	}
	failed := 0
	var total ingest.Summary
	for _, file := range files {
		summary, err := importFile(ctx, std, o, sink, file)
		total.Add(summary)
		if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("%s: stopped; run the same command again to complete it: %w", file, ctx.Err())
			}
			failed++
			fmt.Fprintf(std.err, "streetsafe: %v\n", err)
		}
	}
	if len(files) > 1 && !o.asJSON {
		fmt.Fprintf(std.out, "%d files: %s\n", len(files), total.Line())
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files could not be imported", failed, len(files))
	}
	return nil
}

// importFile imports one file and prints its summary. Errors name the file.
func importFile(ctx context.Context, std *streams, o importJob, sink ingest.Sink, file string) (summary ingest.Summary, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", file, err)
		}
	}()
	in, closer, err := ingest.OpenFile(file)
	if err != nil {
		return summary, err
	}
	defer closer.Close()
	rejects := ingest.NewRejectFile(o.rejectsPath(in.Name))
	defer func() { err = errors.Join(err, rejects.Close()) }()
	opts := o.read
	if err := rejects.Check(); err != nil {
		fmt.Fprintf(std.err, "streetsafe: rejected rows of %s are only counted: %v; --rejects names another place\n", file, err)
	} else {
		opts.Rejects = rejects
	}
	summary, err = runWatched(ctx, std.err, in, opts, sink)
	if err == nil || summary.Read > 0 {
		err = errors.Join(err, printSummary(std.out, summary, rejects.Path(), o.asJSON))
	}
	return summary, err
}

// runWatched shows how far an import is.
func runWatched(ctx context.Context, w io.Writer, in ingest.Input, opts ingest.Options, sink ingest.Sink) (ingest.Summary, error) {
	total := in.Size
	if total == 0 {
		total = -1
	}
	bar := newBar(w, total, in.Name, true)
	defer bar.finish()
	opts.Progress = func(p ingest.Progress) {
		bar.describe(fmt.Sprintf("%s: %d rows, %.0f rows/s", in.Name, p.Rows, p.RowsPerSecond()))
		bar.set(p.Bytes)
	}
	return ingest.Run(ctx, in, opts, sink)
}

func (o importOptions) rejectsPath(name string) string {
	if o.rejects != "" {
		return o.rejects
	}
	if name == ingest.StandardInput || name == "" {
		name = "stdin"
	}
	return filepath.Base(name) + ".rejects.csv"
}

func printSummary(w io.Writer, s ingest.Summary, rejects string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			ingest.Summary
			Rejects string `json:"rejects_file,omitempty"`
		}{s, rejects})
	}
	if _, err := s.WriteTo(w); err != nil {
		return err
	}
	if rejects != "" {
		_, err := fmt.Fprintf(w, "rejected rows are in %s\n", rejects)
		return err
	}
	return nil
}

// storeSink gives a reader's records to a store.
type storeSink struct {
	store     store.Store
	described map[string]store.Precision
}

var _ ingest.Sink = (*storeSink)(nil)

func newStoreSink(st store.Store) *storeSink {
	return &storeSink{store: st, described: map[string]store.Precision{}}
}

func (s *storeSink) Insert(ctx context.Context, src ingest.Source, records []report.Record) (ingest.Result, error) {
	if err := s.describe(ctx, src); err != nil {
		return ingest.Result{}, err
	}
	r, err := s.store.Insert(ctx, src.Name, records)
	if err != nil {
		return ingest.Result{}, err
	}
	return ingest.Result{Accepted: r.Accepted, Duplicates: r.Duplicates, Revised: r.Revised}, nil
}

// describe tells the store how finely the source tells time, once.
func (s *storeSink) describe(ctx context.Context, src ingest.Source) error {
	precision := store.PrecisionTime
	if src.MonthPrecision {
		precision = store.PrecisionMonth
	}
	if s.described[src.Name] == precision {
		return nil
	}
	if err := s.store.DescribeSource(ctx, src.Name, store.SourceInfo{Precision: precision}); err != nil {
		return err
	}
	s.described[src.Name] = precision
	return nil
}
