package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/cube"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// finding is one thing that doctor looked at.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"` // what to do about it
}

// diagnosis is what doctor says.
type diagnosis struct {
	OK         bool           `json:"ok"`
	Version    string         `json:"version"`
	Store      string         `json:"store"`
	Reports    int64          `json:"reports"`
	Generation uint64         `json:"generation"`
	Synthetic  bool           `json:"synthetic"`
	Sources    []sourceReport `json:"sources"`
	Checks     []finding      `json:"checks"`
}

type sourceReport struct {
	Name      string `json:"name"`
	Reports   int64  `json:"reports"`
	First     string `json:"first_day,omitempty"`
	Last      string `json:"last_day,omitempty"`
	Precision string `json:"precision"`
	Synthetic bool   `json:"synthetic"`
}

func newSourceReport(s store.Source) sourceReport {
	r := sourceReport{Name: s.Name, Reports: s.Reports, Precision: string(s.Precision), Synthetic: s.Synthetic}
	if s.Reports > 0 {
		r.First, r.Last = s.First.String(), s.Last.String()
	}
	return r
}

func (d *diagnosis) found(name, detail string) {
	d.Checks = append(d.Checks, finding{Name: name, OK: true, Detail: detail})
}

func (d *diagnosis) wrong(name, detail, do string) {
	d.OK = false
	d.Checks = append(d.Checks, finding{Name: name, Detail: detail, Do: do})
}

func newDoctor(std *streams) *cobra.Command {
	var o serveOptions
	var area, url string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the store, the map against it, and the settings",
		Long: `doctor opens the store without changing it, looks for damage, builds the map and
compares it with what SQL counts, checks the settings, and says what to do about
anything that is wrong. It ends with an error status when something is.
With --url it asks a running server whether it is ready instead.`,
		Example: `  streetsafe doctor --data DIR
  streetsafe doctor --data DIR --json
  streetsafe doctor --url http://127.0.0.1:8080`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if url != "" {
				return askReady(cmd.Context(), std, url)
			}
			d := diagnose(cmd.Context(), o, area)
			if err := d.write(std.out, asJSON); err != nil {
				return err
			}
			if !d.OK {
				return errReported
			}
			return nil
		},
	}
	o.addFlags(cmd.Flags(), defaultData)
	areaFlag(cmd.Flags(), &area)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&url, "url", "", "ask the running server at this address whether it is ready")
	return cmd
}

func diagnose(ctx context.Context, o serveOptions, area string) *diagnosis {
	d := &diagnosis{OK: true, Version: version, Store: o.storage.String(), Sources: []sourceReport{}}
	d.checkSettings(o, area)
	st, err := o.storage.open(ctx)
	switch {
	case errors.Is(err, store.ErrNotExist):
		d.wrong("store", "there is no store in "+o.storage.dir, "make one with `streetsafe import "+o.storage.flags()+" FILE`, an empty one with `streetsafe migrate up "+o.storage.flags()+"`, or try `streetsafe demo`; give the directory with --data")
		return d
	case errors.Is(err, store.ErrOldSchema):
		d.wrong("schema", err.Error(), "run `streetsafe migrate up "+o.storage.flags()+"`")
		return d
	case errors.Is(err, store.ErrNewerSchema), errors.Is(err, store.ErrChangedMigration):
		d.wrong("schema", err.Error(), "run the streetsafe that changed this database last, or give it one of its own")
		return d
	case err != nil:
		d.wrong("store", err.Error(), "check that the database can be reached by this user and that it is a StreetSafe store")
		return d
	}
	defer st.Close()
	d.checkStore(ctx, st)
	d.checkDemo(ctx, st, o.storage)
	d.checkCube(ctx, st)
	return d
}

func (d *diagnosis) checkSettings(o serveOptions, area string) {
	if err := o.check(); err != nil {
		d.wrong("settings", err.Error(), "mend the flag or its environment variable")
		return
	}
	if _, err := report.ParseArea(area); err != nil {
		d.wrong("settings", err.Error(), "mend --area or STREETSAFE_AREA")
		return
	}
	d.found("settings", "listen on "+o.listen+", area "+area)
}

func (d *diagnosis) checkStore(ctx context.Context, st store.Store) {
	problems, err := st.Check(ctx)
	if err != nil {
		d.wrong("store", err.Error(), "see whether the disk is full or failing; restore a backup if the file is damaged")
		return
	}
	for _, p := range problems {
		d.wrong("store", p.What, p.Do)
	}
	if len(problems) == 0 {
		d.found("store", d.Store+" is sound")
	}
	sources, err := st.Sources(ctx)
	if err != nil {
		d.wrong("sources", err.Error(), "see the check of the store")
		return
	}
	for _, s := range sources {
		d.Sources = append(d.Sources, newSourceReport(s))
		d.Synthetic = d.Synthetic || s.Synthetic && s.Reports > 0
	}
	d.found("sources", fmt.Sprintf("%d", len(sources)))
}

// checkDemo tells a demo that was stopped while it made up its reports.
func (d *diagnosis) checkDemo(ctx context.Context, st store.Store, s storage) {
	_, isDemo, err := st.Meta(ctx, metaDemo)
	if err != nil {
		d.wrong("demo", err.Error(), "see the check of the store")
		return
	}
	if !isDemo {
		return
	}
	switch done, _, err := st.Meta(ctx, metaDemoDone); {
	case err != nil:
		d.wrong("demo", err.Error(), "see the check of the store")
	case done != "true":
		d.wrong("demo", "the made-up reports are incomplete: the demo was stopped while it made them, or is still at it",
			"run `streetsafe demo "+s.flags()+"` again: it makes those that are missing")
	default:
		d.found("demo", "the made-up reports are complete")
	}
}

// cubeFilters are the filters under which the map is compared with SQL: each
// part of a filter alone, and all of them together.
func cubeFilters(first, last report.Day) []report.Filter {
	middle := first + (last-first)/2
	return []report.Filter{
		{},
		{Factors: report.FactorSet(report.BadlyLit)},
		{Factors: report.BehaviouralFactors},
		{From: first, To: middle + 1},
		{Dayparts: 1 << report.Night},
		{Weekdays: 1<<report.Friday | 1<<report.Saturday},
		{Dark: 1 << report.DarkYes},
		{Factors: report.FactorSet(report.BadlyLit, report.Isolated, report.Followed), From: middle, To: last + 1,
			Dayparts: 1<<report.Night | 1<<report.Evening, Weekdays: 1 << report.Saturday, Dark: 1 << report.DarkYes},
	}
}

// checkCube builds the map as serve would and holds it to what SQL counts.
func (d *diagnosis) checkCube(ctx context.Context, st store.Store) {
	total, err := countAll(ctx, st)
	if err == nil {
		d.Reports = total
		d.Generation, err = st.Generation(ctx)
	}
	if err != nil {
		d.wrong("map", err.Error(), "see the check of the store")
		return
	}
	start := time.Now()
	snap, err := buildSnapshot(ctx, st)
	if err != nil {
		d.wrong("map", err.Error(), "see the check of the store")
		return
	}
	took := time.Since(start)
	first, last := snap.Days()
	differences := 0
	for _, f := range cubeFilters(first, last) {
		n, err := compare(ctx, st, snap, f)
		if err != nil {
			d.wrong("map", err.Error(), "see the check of the store")
			return
		}
		differences += n
	}
	if differences > 0 {
		d.wrong("map", fmt.Sprintf("%d cells of the map differ from what SQL counts", differences), "this is a mistake in the program: please report it with the version and the number of reports; the store itself is not affected")
		return
	}
	d.found("map", fmt.Sprintf("%d reports at generation %d, built in %s, equal to SQL under %d filters", snap.Len(), snap.Generation(), took.Round(time.Millisecond), len(cubeFilters(first, last))))
}

// comparedResolution is where map and SQL are compared cell by cell: fine
// enough to find a misplaced report, coarse enough to be quick.
const comparedResolution = 7

func compare(ctx context.Context, st store.Store, snap *cube.Snapshot, f report.Filter) (differences int, err error) {
	want, err := st.CountByCell(ctx, f, comparedResolution)
	if err != nil {
		return 0, err
	}
	got := snap.Summary(cube.SummaryQuery{
		Area: report.Box{West: -180, South: -90, East: 180, North: 90}, Res: comparedResolution, Top: math.MaxInt, Filter: f,
	})
	have := make(map[h3.Cell]int64, len(got.Top))
	for _, c := range got.Top {
		have[c.Cell] = c.Count
	}
	for c, n := range want {
		if have[c] != n {
			differences++
		}
		delete(have, c)
	}
	return differences + len(have), nil
}

func (d *diagnosis) write(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	var b strings.Builder
	for _, c := range d.Checks {
		mark := "ok   "
		if !c.OK {
			mark = "WRONG"
		}
		fmt.Fprintf(&b, "%s  %-9s %s\n", mark, c.Name, c.Detail)
		if c.Do != "" {
			fmt.Fprintf(&b, "       what to do: %s\n", c.Do)
		}
	}
	for _, s := range d.Sources {
		fmt.Fprintf(&b, "       source %s: %d reports", s.Name, s.Reports)
		if s.Reports > 0 {
			fmt.Fprintf(&b, " from %s to %s (to the %s)", s.First, s.Last, s.Precision)
		}
		if s.Synthetic {
			b.WriteString(", synthetic")
		}
		b.WriteByte('\n')
	}
	verdict := "Everything fits together."
	if !d.OK {
		verdict = "Something is wrong: see above."
	}
	_, err := fmt.Fprintf(w, "%s%s\n", b.String(), verdict)
	return err
}

const askTimeout = 4 * time.Second

// askReady asks a running server, for container health checks.
func askReady(ctx context.Context, std *streams, url string) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("--url %q: expected an address such as http://127.0.0.1:8080", url)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	fmt.Fprintln(std.out, strings.TrimSpace(string(body)))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: status %d", resp.StatusCode)
	}
	return nil
}
