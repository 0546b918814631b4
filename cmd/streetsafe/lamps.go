package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streetsafe/streetsafe/internal/lamps"
	"github.com/streetsafe/streetsafe/internal/store"
)

func newLamps(std *streams) *cobra.Command {
	var s storage
	cmd := &cobra.Command{
		Use: "lamps", Short: "Load street lamps for the lighting workbench", Args: cobra.NoArgs,
		Example: `  streetsafe lamps import --data DIR lamps.csv
  streetsafe lamps list --data DIR`,
	}
	s.addFlags(cmd.PersistentFlags(), defaultData)
	only := dataset{kind: lampsDataset, name: lampsName, listed: "Say what lamps are loaded", removed: "Forget the lamps"}
	cmd.AddCommand(newLampsImport(std, &s))
	cmd.AddCommand(only.commands(std, &s)...)
	return cmd
}

func newLampsImport(std *streams, s *storage) *cobra.Command {
	var columns []string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Load street lamps from CSV or GeoJSON, in place of those before", Args: cobra.ExactArgs(1),
		Long: `import reads the position of each lamp in degrees and, where the file has them, id,
kind and the hours at which it is switched off by policy, such as 00:00-05:30.`,
		Example: `  streetsafe lamps import --data DIR lamps.csv
  streetsafe lamps import --data DIR --column off=part_night_from --column on=part_night_to lamps.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			named := lamps.Columns{}
			for _, c := range columns {
				name, in, ok := strings.Cut(c, "=")
				if !ok || in == "" || !strings.Contains(","+strings.Join(lamps.AllColumns(), ",")+",", ","+name+",") {
					return fmt.Errorf("--column %q: expected one of %s, = and the column of the file", c, strings.Join(lamps.AllColumns(), ", "))
				}
				named[name] = in
			}
			data, err := readImport(args[0])
			if err != nil {
				return err
			}
			x, err := lamps.Read(data, named)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			x.Source = baseName(args[0])
			body, err := x.Encode()
			if err != nil {
				return err
			}
			about := fmt.Sprintf("%d lamps from %s, without switch-off hours", x.Len(), x.Source)
			if x.HasHours() {
				about = strings.Replace(about, "without", "with", 1)
			}
			return withLibrary(cmd.Context(), *s, func(l store.Library) error {
				if err := l.PutDataset(cmd.Context(), store.Dataset{Kind: lampsDataset, Name: lampsName, About: about, Body: body, ImportedAt: time.Now()}); err != nil {
					return err
				}
				_, err := fmt.Fprintln(std.out, about)
				return err
			})
		},
	}
	cmd.Flags().StringArrayVar(&columns, "column", nil, "column of the file: lat=Breite, off=switch_off, on=switch_on and so on (default: guessed)")
	return cmd
}
