// Command traces looks through files for what a browser has told of somebody who
// reported, and fails when it finds any. Run it from the repository root.
package main

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/streetsafe/streetsafe/internal/traces"
)

func main() {
	var who traces.Sender
	flag.Func("text", "user agent, or words that were typed", func(s string) error {
		who.Texts = append(who.Texts, s)
		return nil
	})
	flag.Func("address", "IP address", func(s string) error {
		a, err := netip.ParseAddr(s)
		who.Addresses = append(who.Addresses, a)
		return err
	})
	flag.Func("point", "latitude,longitude", func(s string) error {
		var p [2]float64
		_, err := fmt.Sscan(strings.ReplaceAll(s, ",", " "), &p[0], &p[1])
		who.Points = append(who.Points, p)
		return err
	})
	flag.Parse()
	found, err := who.Files(flag.Args()...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, f := range found {
		fmt.Fprintln(os.Stderr, f)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}
