package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/streetsafe/streetsafe/internal/access"
)

const envPrefix = "STREETSAFE_"

// streams are the standard streams and the log, so that tests can give their
// own and several commands can run in one process.
type streams struct {
	in       io.Reader
	out, err io.Writer
	log      *slog.Logger // to err, as the flags say; set before a command runs

	passwords access.Params // cost of password hashes; zero for what is recommended
}

func newRoot(std *streams) *cobra.Command {
	var logFormat, logLevel string
	root := &cobra.Command{
		Use:     "streetsafe",
		Version: fullVersion(),
		Short:   "Anonymous reports of where people feel unsafe, as a map",
		Long: `StreetSafe collects anonymous reports of where people feel unsafe in public and
why, and serves them as a map of hexagons.

Every flag can be set by an environment variable: --cache-mb is STREETSAFE_CACHE_MB.`,
		Example: `  streetsafe demo                        a map of made-up reports, at once
  streetsafe import --data DIR FILE...   put reports into a store
  streetsafe serve --data DIR            serve the map of that store
  streetsafe doctor --data DIR           check that everything fits together`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := flagsFromEnv(cmd.Flags()); err != nil {
				return err
			}
			var err error
			std.log, err = newLog(std.err, logFormat, logLevel)
			return err
		},
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetVersionTemplate("streetsafe {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&logFormat, "log-format", "text", "how to write the log: text or json")
	root.PersistentFlags().StringVar(&logLevel, "log-level", "info", "least level that is logged: debug, info, warn or error")
	root.AddCommand(newDemo(std), newServe(std), newUser(std), newToken(std), newAudit(std), newImport(std), newSources(std), newWithdraw(std), newAreas(std), newLamps(std), newRates(std),
		newRetention(std), newBackup(std), newCopy(std), newMigrate(std), newDoctor(std), newRelease(std), newActions(std), newReview(std), newDemographics(std), newVersion(std))
	plainUsage(root)
	return root
}

// flagsFromEnv fills flags that the command line leaves out.
func flagsFromEnv(flags *pflag.FlagSet) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := envPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if f.Changed || !ok || err != nil {
			return
		}
		if e := flags.Set(f.Name, value); e != nil {
			err = badValue("environment variable "+name, value, f)
		}
	})
	return err
}

func newLog(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level %q: expected debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: l, ReplaceAttr: durationText}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log-format %q: expected text or json", format)
}

// durationText writes durations as text, such as 1.2s: in JSON they would be
// nanoseconds.
func durationText(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

func fullVersion() string {
	return fmt.Sprintf("%s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersion(std *streams) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  streetsafe version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(std.out, "streetsafe %s\n", fullVersion())
			return err
		},
	}
}
