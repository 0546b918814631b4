// Command streetsafe keeps anonymous reports of where people feel unsafe and
// serves them as a map. This package only joins parts: what they do stands in
// internal and tiles.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set at build time with -ldflags "-X main.version=...".
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := newRoot(&streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	err := cmd.ExecuteContext(ctx)
	if err == nil || errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "streetsafe: "+err.Error())
	}
	stop()
	os.Exit(1) //nolint:gocritic // stop was called above
}

// errReported ends the program with a failure that it has already explained.
var errReported = errors.New("failed")
