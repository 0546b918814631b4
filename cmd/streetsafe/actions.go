package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/action"
	"github.com/streetsafe/streetsafe/internal/actionbook"
	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
)

// lookForActions is how soon what another process wrote is on the map and among
// the published files. A look costs a query for one number.
const lookForActions = 3 * time.Second

// retryActions is how soon a directory that could not be written to is tried again.
const retryActions = time.Minute

// openBook reads the actions of a store.
func openBook(ctx context.Context, log *slog.Logger, st store.Store, synthetic bool) (*actionbook.Book, error) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fmt.Errorf("the zone of the United Kingdom: %w", err)
	}
	today := func() report.Day { return report.DayOf(time.Now().In(zone)) }
	b := actionbook.New(actionbook.Parts{Store: st, Today: today, Synthetic: synthetic, Log: log})
	return b, b.Load(ctx)
}

func newPublisher(log *slog.Logger, st store.Store, b *actionbook.Book, dir string) *actionbook.Publisher {
	return &actionbook.Publisher{Book: b, Dir: dir, Source: st.ID(), Log: log}
}

func newActions(std *streams) *cobra.Command {
	var o releaseOptions
	cmd := &cobra.Command{
		Use:   "actions",
		Short: "List and publish what was done about places",
		Long: `actions lists what officers and planners have recorded, and publishes what is
public of it beside the releases, in DATA/public/actions: JSON, GeoJSON, CSV and an
Atom feed. serve publishes by itself within seconds of a change; publish is for
installations without serve, and for after a restore.`,
		Example: `  streetsafe actions list --data DIR
  streetsafe actions publish --data DIR --public /srv/public`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	o.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.PersistentFlags().StringVar(&o.public, "public", "", "directory that the public gets (default: public in the data directory)")
	cmd.AddCommand(newActionsList(std, &o), newActionsPublish(std, &o))
	return cmd
}

func newActionsList(std *streams, o *releaseOptions) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List all actions, the latest change first", Args: cobra.NoArgs,
		Example: `  streetsafe actions list --data DIR
  streetsafe actions list --data DIR --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), o.storage, func(st store.Store) error {
				b, err := openBook(cmd.Context(), std.log, st, false)
				if err != nil {
					return err
				}
				return printActions(std, b.All(), asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the notes for partners")
	return cmd
}

func printActions(std *streams, all []*actionbook.Entry, asJSON bool) error {
	if asJSON {
		records := make([]action.Record, 0, len(all))
		for _, e := range all {
			records = append(records, e.Record())
		}
		return json.NewEncoder(std.out).Encode(records)
	}
	if len(all) == 0 {
		fmt.Fprintln(std.out, "no actions: record one on the map at /hub")
		return nil
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHANGED\tKIND\tSTATUS\tSINCE\tPUBLIC\tBODY\tPLACE\tID")
	for _, e := range all {
		last := e.Steps[len(e.Steps)-1]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\t%s\t%s\t%s\n", e.At.Format(time.DateOnly), e.Kind, last.Status, last.Day, e.Public, e.Body, e.Place, e.ID)
	}
	return w.Flush()
}

func newActionsPublish(std *streams, o *releaseOptions) *cobra.Command {
	return &cobra.Command{
		Use: "publish", Short: "Write the public files of all actions", Args: cobra.NoArgs,
		Example: `  streetsafe actions publish --data DIR`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), o.storage, func(st store.Store) error {
				b, err := openBook(cmd.Context(), std.log, st, false)
				if err != nil {
					return err
				}
				changed, err := newPublisher(std.log, st, b, o.publicDir()).Publish(cmd.Context())
				if err != nil {
					return err
				}
				doc, err := b.Document()
				if err != nil {
					return err
				}
				word := "were there already"
				if changed {
					word = "published"
				}
				fmt.Fprintf(std.out, "%d public actions of %d %s in %s/%s\n", len(doc.Actions), len(b.All()), word, o.publicDir(), action.Dir)
				return nil
			})
		},
	}
}

// attachActions gives the public actions of a store as a release takes them along.
func attachActions(st store.Store) func(context.Context) ([]release.Attachment, error) {
	return func(ctx context.Context) ([]release.Attachment, error) {
		b, err := openBook(ctx, nil, st, false)
		if err != nil {
			return nil, err
		}
		doc, err := b.Document()
		if err != nil {
			return nil, err
		}
		table, err := doc.CSV()
		if err != nil {
			return nil, err
		}
		areas, err := doc.GeoJSON()
		return []release.Attachment{{Name: action.CSVFile, Body: table}, {Name: action.GeoJSONFile, Body: areas}}, err
	}
}

// actionsOf tells the page of a place what is public of the actions there.
func actionsOf(b *actionbook.Book) actionSource {
	return func(_ context.Context, cell h3.Cell) ([]form.Action, error) {
		doc, err := b.Document()
		if err != nil {
			return nil, err
		}
		near, err := doc.Near(cell)
		if err != nil {
			return nil, err
		}
		var out []form.Action
		for _, a := range near {
			one := form.Action{Status: string(a.Status), Label: form.Text(a.Status.Label()), Kind: form.Text(a.Kind.Label()), Title: a.Title,
				Note: form.Text{"en": a.Note, "cy": a.NoteCY}, Place: a.Place}
			for _, s := range a.Steps {
				day, err := report.ParseDay(s.Day)
				if err != nil {
					return nil, fmt.Errorf("action %s: %w", a.ID, err)
				}
				one.Steps = append(one.Steps, form.ActionStep{Day: day, Text: form.Text(s.Sentence())})
			}
			out = append(out, one)
		}
		return out, nil
	}
}
