package attack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// Finding is what an attack found.
type Finding struct {
	ID, What string
	Figure   string // in numbers
	Err      error  // what was learnt that must not be; nil when nothing was
	Skipped  bool   // the attack does not apply
}

// Run attacks a subject with every attack, or with those that ids names.
func Run(ctx context.Context, e Effort, s Subject, ids ...string) ([]Finding, error) {
	dir, err := os.MkdirTemp("", "streetsafe-attack-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	t := &trial{Effort: e, s: s}
	var out []Finding
	for _, a := range attacks() {
		if len(ids) > 0 && !contains(ids, a.id) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return out, err
		}
		t.dir = filepath.Join(dir, a.id)
		figure, err := a.run(t)
		f := Finding{ID: a.id, What: a.what, Figure: figure, Err: err}
		if errors.Is(err, errNotHere) {
			f.Err, f.Skipped = nil, true
		}
		out = append(out, f)
	}
	return out, nil
}

func contains(ids []string, id string) bool {
	for _, i := range ids {
		if i == id {
			return true
		}
	}
	return false
}

// ErrLearnt is a real release that told something, or a broken one that nothing
// caught.
var ErrLearnt = errors.New("the attacker succeeded, or missed a broken builder")

// Report attacks the real way and every broken one, and prints what was found.
func Report(ctx context.Context, w io.Writer, e Effort) error {
	failed := false
	found, err := Run(ctx, e, Real())
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "TEST\tATTACK\tRESULT\tFIGURE")
	for _, f := range found {
		result := "holds"
		if f.Err != nil {
			result, failed = "BROKEN", true
			f.Figure = f.Err.Error()
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", f.ID, f.What, result, f.Figure)
	}
	fmt.Fprintln(tw, "\t\t\t")
	fmt.Fprintln(tw, "T16\tBROKEN BUILDER\tRESULT\tCAUGHT BY")
	for _, s := range Broken() {
		found, err := Run(ctx, e, s)
		if err != nil {
			return err
		}
		result, by := "MISSED", ""
		for _, f := range found {
			if f.Err != nil {
				result = "caught"
				by += " " + f.ID
			}
		}
		failed = failed || result == "MISSED"
		fmt.Fprintf(tw, "\t%s\t%s\t%s\n", s.Name, result, by)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if failed {
		return ErrLearnt
	}
	return nil
}
