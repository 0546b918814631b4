package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

// finish writes the JSON file and returns problem, so that figures of a run
// with errors can still be looked at.
func finish(o *options, out any, problem error) error {
	if o.json == "" {
		return problem
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if o.json == "-" {
		_, err = os.Stdout.Write(text)
	} else {
		err = os.WriteFile(o.json, text, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return problem
}

// table prints rows in aligned columns, numbers to the right.
func table(w io.Writer, title string, head []string, rows [][]string) {
	fmt.Fprintf(w, "\n%s\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Join(head, "\t")+"\t")
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r, "\t")+"\t")
	}
	_ = t.Flush() // standard output; nothing to do about a closed one
}

// printBody prints what was measured on a body.
func printBody(w io.Writer, b *bodyResult) {
	title := "Another server"
	if b.Reports > 0 {
		title = fmt.Sprintf("%s reports: cube %s (%.1f bytes a report), process %s, built in %.1f s",
			shortCount(b.Reports), megabytes(int64(b.CubeBytes)), b.BytesPerReport, megabytes(b.RSS), b.BuildSeconds)
	}
	var rows [][]string
	for _, r := range b.Runs {
		rows = append(rows, []string{
			r.Mode, conns(r.Conns), fmt.Sprintf("%.0f", r.TilesPerSec), share(r.OfCeiling),
			milli(r.All.P50), milli(r.All.P95), milli(r.All.P99), milli(r.All.Max),
			hits(r.HitRate), fmt.Sprintf("%.1f", r.Bytes.Mean/1000), fmt.Sprintf("%.1f", float64(r.Bytes.P99)/1000),
			fmt.Sprintf("%d%%", 100*r.Empty/max(r.Requests, 1)), fmt.Sprint(r.Errors), megabytes(r.RSS),
		})
	}
	table(w, title, []string{"mode", "conns", "tiles/s", "of ceiling", "p50 ms", "p95 ms", "p99 ms", "max ms",
		"hits", "mean KB", "p99 KB", "empty", "errors", "RSS"}, rows)
	for _, r := range b.Runs {
		switch r.Mode {
		case modeHandler:
			fmt.Fprintf(w, "%.1f allocations and %.1f KB a request in the handler\n", r.Allocs, r.AllocBytes/1000)
			printGroups(w, r)
		case modeCold, modeURL:
			printGroups(w, r)
		}
	}
}

func printGroups(w io.Writer, r result) {
	var rows [][]string
	row := func(name string, s spread) {
		rows = append(rows, []string{name, fmt.Sprint(s.Count), milli(s.P50), milli(s.P95), milli(s.P99), milli(s.Max)})
	}
	for _, b := range bands {
		if s, ok := r.ByBand[b.name]; ok {
			row(b.name, s)
		}
	}
	for _, k := range kindNames {
		if s, ok := r.ByKind[k]; ok {
			row(k, s)
		}
	}
	where := "in the handler"
	if r.Conns > 0 {
		where = fmt.Sprintf("%s, %d connections", r.Mode, r.Conns)
	}
	table(w, where, []string{"zoom or filter", "tiles", "p50 ms", "p95 ms", "p99 ms", "max ms"}, rows)
}

func milli(us float64) string { return fmt.Sprintf("%.3f", us/1000) }

func conns(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func share(f float64) string {
	if f == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*f)
}

func hits(rate *float64) string {
	if rate == nil {
		return "-"
	}
	return share(max(*rate, 1e-9))
}
