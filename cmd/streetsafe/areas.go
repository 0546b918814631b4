package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/areas"
	"github.com/streetsafe/streetsafe/internal/store"
)

func newAreas(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use: "areas", Short: "Load boundaries, by which the hub tells figures", Args: cobra.NoArgs,
		Long: `areas keeps boundaries in the store: wards, boroughs, forces, or any other kind.
A running server sees a change within seconds. A report belongs to the area in
which the centre of its hexagon lies. Areas of the kinds force, borough, council,
district and authority bind accounts: who belongs to one, by its id, sees what lies
in it, and who belongs to none that is loaded sees nothing.`,
		Example: `  streetsafe areas import --data DIR --kind ward wards.geojson
  streetsafe areas list --data DIR`,
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	cmd.AddCommand(newAreasImport(std, &s), newAreasDenominator(std, &s), newAreasList(std, &s), newAreasRemove(std, &s))
	return cmd
}

// withLibrary opens a store for what it keeps beside the reports.
func withLibrary(ctx context.Context, s storage, fn func(store.Library) error) error {
	return withStore(ctx, s, func(st store.Store) error {
		l, err := libraryOf(st)
		if err != nil {
			return err
		}
		return fn(l)
	})
}

func newAreasImport(std *streams, s *storage) *cobra.Command {
	var kind string
	var columns areas.Columns
	cmd := &cobra.Command{
		Use: "import FILE...", Short: "Load boundaries from GeoJSON or TopoJSON in degrees (EPSG:4326)", Args: cobra.MinimumNArgs(1),
		Long: `import replaces all areas of the kind by those in the files. The properties with
id and name are guessed: codes such as WD13CD and names such as WD13NM are known.`,
		Example: `  streetsafe areas import --data DIR --kind ward london-wards.geojson
  streetsafe areas import --data DIR --kind force --id PFA20CD --name PFA20NM forces.geojson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := readAreas(args, kind, columns)
			if err != nil {
				return err
			}
			return withLibrary(cmd.Context(), *s, func(l store.Library) error { return keepAreas(cmd.Context(), std, l, k) })
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "what they are: ward, borough, force, or another word")
	cmd.Flags().StringVar(&columns.ID, "id", "", "property with the id (default: guessed)")
	cmd.Flags().StringVar(&columns.Name, "name", "", "property with the name (default: guessed)")
	_ = cmd.MarkFlagRequired("kind") // the flag exists
	return cmd
}

func readAreas(files []string, kind string, columns areas.Columns) (*areas.Kind, error) {
	var all []*areas.Area
	source := ""
	for _, f := range files {
		data, err := readImport(f)
		if err != nil {
			return nil, err
		}
		k, err := areas.Read(data, kind, columns)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		all = append(all, k.Areas...)
		if source != "" {
			source += ", "
		}
		source += baseName(f)
	}
	k, err := areas.NewKind(kind, all)
	if err != nil {
		return nil, err
	}
	k.Source = source
	return k, nil
}

func keepAreas(ctx context.Context, std *streams, l store.Library, k *areas.Kind) error {
	body, err := k.Encode()
	if err != nil {
		return err
	}
	about := fmt.Sprintf("%d areas from %s", len(k.Areas), k.Source)
	if k.DenominatorName != "" {
		about += ", with " + k.DenominatorName
	}
	if err := l.PutDataset(ctx, store.Dataset{Kind: areasDataset, Name: k.Name, About: about, Body: body, ImportedAt: time.Now()}); err != nil {
		return err
	}
	first := k.Areas[0]
	fmt.Fprintf(std.out, "%s: %s; the first is %s, %s\n", k.Name, about, first.ID, first.Name)
	return nil
}

func newAreasDenominator(std *streams, s *storage) *cobra.Command {
	var kind, name, id, value string
	cmd := &cobra.Command{
		Use: "denominator FILE", Short: "Load what counts are divided by for rates: residents, footfall, metres of street", Args: cobra.ExactArgs(1),
		Long: `denominator reads a CSV file with a header, a column with the ids of the areas and
one with numbers. Importing the boundaries again forgets it.`,
		Example: `  streetsafe areas denominator --data DIR --kind ward --counts residents census.csv
  streetsafe areas denominator --data DIR --kind ward --counts "metres of street" --id-column WD13CD --value-column metres streets.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withLibrary(cmd.Context(), *s, func(l store.Library) error {
				d, err := l.Dataset(cmd.Context(), areasDataset, kind)
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("there are no areas of the kind %s: import them first", kind)
				}
				if err != nil {
					return err
				}
				k, err := areas.Decode(d.Body)
				if err != nil {
					return err
				}
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				k, missing, err := k.Denominators(f, name, id, value)
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				if missing > 0 {
					fmt.Fprintf(std.err, "%d of %d areas have no number and get no rate\n", missing, len(k.Areas))
				}
				return keepAreas(cmd.Context(), std, l, k)
			})
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "kind of the areas")
	cmd.Flags().StringVar(&name, "counts", "", "what the numbers count, such as residents")
	cmd.Flags().StringVar(&id, "id-column", "", "column with the ids (default: the first)")
	cmd.Flags().StringVar(&value, "value-column", "", "column with the numbers (default: the second)")
	_ = cmd.MarkFlagRequired("kind")   // the flags exist
	_ = cmd.MarkFlagRequired("counts") // as above
	return cmd
}

func newAreasList(std *streams, s *storage) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the kinds of areas", Args: cobra.NoArgs, Example: "  streetsafe areas list --data DIR",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withLibrary(cmd.Context(), *s, func(l store.Library) error { return listDatasets(cmd.Context(), std, l, areasDataset) })
		},
	}
}

func listDatasets(ctx context.Context, std *streams, l store.Library, kind string) error {
	list, err := l.Datasets(ctx, kind)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		_, err := fmt.Fprintf(std.out, "no %s are loaded\n", kind)
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", d.Name, d.About, d.ImportedAt.Format(time.DateOnly))
	}
	return w.Flush()
}

func newAreasRemove(std *streams, s *storage) *cobra.Command {
	return &cobra.Command{
		Use: "remove KIND", Short: "Forget all areas of a kind", Args: cobra.ExactArgs(1), Example: "  streetsafe areas remove --data DIR ward",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withLibrary(cmd.Context(), *s, func(l store.Library) error { return removeDataset(cmd.Context(), std, l, areasDataset, args[0]) })
		},
	}
}

func removeDataset(ctx context.Context, std *streams, l store.Library, kind, name string) error {
	err := l.RemoveDataset(ctx, kind, name)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no %s %s are loaded", kind, name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "removed %s\n", name)
	return nil
}
