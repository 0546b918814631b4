package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// options are the flags that all commands share.
type options struct {
	seed     uint64
	reports  counts
	conns    counts
	requests count
	cache    size
	accept   string
	finer    int
	json     string
	out, log io.Writer // tables and progress
}

func (o *options) bind(f *pflag.FlagSet) {
	o.reports, o.conns, o.requests, o.cache = counts{100_000, 1_000_000}, counts{1, 8, 32}, 20_000, 256<<20
	f.Uint64Var(&o.seed, "seed", 1, "seed of the reports and of the trace")
	f.Var(&o.reports, "reports", "sizes of the synthetic bodies, such as 100k,1M,10M,50M")
	f.Var(&o.conns, "conns", "numbers of connections")
	f.Var(&o.requests, "requests", "length of the trace")
	f.Var(&o.cache, "cache", "budget of the tile cache where one is used")
	f.StringVar(&o.accept, "accept-encoding", "gzip", "content codings that the client takes; empty for none")
	f.IntVar(&o.finer, "finer", 0, "ask for cells so many resolutions finer than a map would (0 to 2): full tiles")
	f.StringVar(&o.json, "json", "", "file that receives the results as JSON (- for standard output)")
}

func (o *options) check() error {
	for _, n := range o.conns {
		if n < 1 || n > 4096 {
			return fmt.Errorf("--conns %d: expected 1 to 4096", n)
		}
	}
	if o.requests < 1 || o.requests > 100_000_000 {
		return fmt.Errorf("--requests %d: expected 1 to 100M", o.requests)
	}
	if o.finer < 0 || o.finer > 2 {
		return fmt.Errorf("--finer %d: expected 0 to 2", o.finer)
	}
	if strings.ContainsAny(o.accept, "\r\n") {
		return errors.New("--accept-encoding: expected one line")
	}
	return nil
}

// target is where the product serves its tiles.
func (o *options) target() (target, error) {
	to, err := parseTarget(tileTemplate)
	to.finer = o.finer
	return to, err
}

func (o *options) logf(format string, args ...any) { fmt.Fprintf(o.log, format+"\n", args...) }

// count is a number that may end in k or M.
type count int

var _ pflag.Value = (*count)(nil)

func (c *count) Set(s string) error {
	n, err := parseScaled(s, map[string]float64{"": 1, "k": 1e3, "m": 1e6})
	*c = count(n)
	return err
}

func (c *count) Type() string   { return "number" }
func (c *count) String() string { return shortCount(int(*c)) }

// counts is a list of them.
type counts []int

var _ pflag.Value = (*counts)(nil)

func (c *counts) Set(s string) error {
	var list counts
	for item := range strings.SplitSeq(s, ",") {
		var n count
		if err := n.Set(item); err != nil {
			return err
		}
		if n < 1 {
			return fmt.Errorf("%q: expected a number above zero", item)
		}
		list = append(list, int(n))
	}
	*c = list
	return nil
}

func (c *counts) Type() string { return "numbers" }

func (c *counts) String() string {
	items := make([]string, len(*c))
	for i, n := range *c {
		items[i] = shortCount(n)
	}
	return strings.Join(items, ",")
}

// size is a number of bytes that may end in KB, MB or GB (of 1024).
type size int64

var _ pflag.Value = (*size)(nil)

func (z *size) Set(s string) error {
	n, err := parseScaled(s, map[string]float64{"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30})
	*z = size(n)
	return err
}

func (z *size) Type() string   { return "bytes" }
func (z *size) String() string { return strconv.FormatInt(int64(*z)>>20, 10) + "MB" }

func parseScaled(s string, units map[string]float64) (int64, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz")
	unit, ok := units[s[len(number):]]
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v >= 0 && v*unit < math.MaxInt64/2) {
		return 0, fmt.Errorf("%q: expected a number such as 1000, 100k or 1M (for bytes: 64MB)", s)
	}
	return int64(math.Round(v * unit)), nil
}

// shortCount writes 1000000 as 1M where that loses nothing.
func shortCount(n int) string {
	switch {
	case n >= 1e6 && n%1e5 == 0:
		return strconv.FormatFloat(float64(n)/1e6, 'f', -1, 64) + "M"
	case n >= 1e3 && n%100 == 0:
		return strconv.FormatFloat(float64(n)/1e3, 'f', -1, 64) + "k"
	}
	return strconv.Itoa(n)
}
