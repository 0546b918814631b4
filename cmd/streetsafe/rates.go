package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/exposure"
	"github.com/streetsafe/streetsafe/internal/store"
)

func newRates(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use: "rates", Short: "Load what counts of hexagons are divided by: metres of street, residents, footfall", Args: cobra.NoArgs,
		Long: `rates keeps an amount for each hexagon, by which the lighting workbench ranks places
by rate as well as by count: so that streets where the tool is promoted, or where
many people pass, do not top every list. For amounts by ward or borough see
streetsafe areas denominator.`,
		Example: `  streetsafe rates import --data DIR --counts "metres of street" roads.geojson
  streetsafe rates list --data DIR`,
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	only := dataset{kind: ratesDataset, name: ratesName, listed: "Say what is loaded", removed: "Forget it"}
	cmd.AddCommand(newRatesImport(std, &s))
	cmd.AddCommand(only.commands(std, &s)...)
	return cmd
}

func newRatesImport(std *streams, s *storage) *cobra.Command {
	var name, value string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Load amounts from GeoJSON or CSV, in place of those before", Args: cobra.ExactArgs(1),
		Long: `import reads one of
  GeoJSON with lines of street: each hexagon gets the metres that lie in it
  GeoJSON points, or CSV with lat and lng: a number each, such as counters of footfall
  CSV with cell, an H3 index of resolution 8 to 11, and a number
in degrees (EPSG:4326). A running server sees it within seconds.`,
		Example: `  streetsafe rates import --data DIR --counts "metres of street" roads.geojson
  streetsafe rates import --data DIR --counts residents --value-column usual_residents postcodes.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := readImport(args[0])
			if err != nil {
				return err
			}
			x, err := exposure.Read(data, name, value)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			x.Source = baseName(args[0])
			body, err := x.Encode()
			if err != nil {
				return err
			}
			about := fmt.Sprintf("%s in %d hexagons of resolution %d, from %s", x.Name, x.Len(), x.Res, x.Source)
			return withLibrary(cmd.Context(), *s, func(l store.Library) error {
				if err := l.PutDataset(cmd.Context(), store.Dataset{Kind: ratesDataset, Name: ratesName, About: about, Body: body, ImportedAt: time.Now()}); err != nil {
					return err
				}
				_, err := fmt.Fprintln(std.out, about)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&name, "counts", "", "what the numbers count, such as residents; for lines: metres of street")
	cmd.Flags().StringVar(&value, "value-column", "", "column or property with the number (default: guessed)")
	_ = cmd.MarkFlagRequired("counts") // the flag exists
	return cmd
}
