package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/form"
	"github.com/streetsafe/streetsafe/internal/gazetteer"
)

// placesOptions say what places are searched beside those that are built in.
type placesOptions struct {
	openNames []string
	postcodes string
	outside   gazetteer.OutsideConfig
}

func (o *placesOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.openNames, "open-names", nil, "CSV file of OS Open Names, or directory with such files: adds streets and postcodes to the search")
	flags.StringVar(&o.postcodes, "postcode-directory", "", "CSV file of the ONS Postcode Directory: adds full postcodes to the search")
	flags.StringVar(&o.outside.URL, "geocoder-url", "", "gazetteer of another host that the server asks when nothing is found, such as https://nominatim.example (default: none)")
	flags.StringVar(&o.outside.Kind, "geocoder-kind", "nominatim", "what answers there: nominatim or photon")
	flags.StringVar(&o.outside.Attribution, "geocoder-attribution", "", "attribution that it asks for")
	flags.StringVar(&o.outside.Country, "geocoder-country", "gb", "country that Nominatim keeps to")
}

// open loads the places.
func (o *placesOptions) open(log *slog.Logger) (*gazetteer.Index, error) {
	if len(o.openNames) == 0 && o.postcodes == "" {
		return gazetteer.Open()
	}
	var d gazetteer.Details
	for _, path := range o.openNames {
		files := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(path, "*.[cC][sS][vV]")); err != nil || len(files) == 0 {
				return nil, fmt.Errorf("--open-names %s: no CSV files in it", path)
			}
		}
		for _, file := range files {
			if err := readFile(file, d.ReadOpenNames); err != nil {
				return nil, fmt.Errorf("--open-names: %w", err)
			}
		}
	}
	if o.postcodes != "" {
		if err := readFile(o.postcodes, d.ReadPostcodeDirectory); err != nil {
			return nil, fmt.Errorf("--postcode-directory: %w", err)
		}
	}
	x, err := gazetteer.OpenWith(&d)
	if err != nil {
		return nil, err
	}
	streets, postcodes := d.Len()
	log.Info("places loaded", slog.Int("streets", streets), slog.Int("postcodes", postcodes))
	return x, nil
}

func readFile(path string, read func(io.Reader) (int, error)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: no place in it", path)
	}
	return nil
}

// openOutside returns the gazetteer of another host, nil for none.
func (o *placesOptions) openOutside() (form.OutsideGazetteer, error) {
	if o.outside.URL == "" {
		return nil, nil
	}
	if strings.TrimSpace(o.outside.Attribution) == "" {
		return nil, errors.New("--geocoder-url needs --geocoder-attribution: such services ask for one")
	}
	return gazetteer.NewOutside(o.outside)
}
