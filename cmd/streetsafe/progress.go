package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const redrawEvery = 100 * time.Millisecond

// newBar returns a progress bar over max units, or one without an end when max
// is negative. Where nobody watches, in a file or a pipe, it writes its line
// only now and then.
func newBar(w io.Writer, max int64, what string, bytes bool) *progressbar.ProgressBar {
	every := redrawEvery
	width := 30
	f, isFile := w.(*os.File)
	watched := isFile && term.IsTerminal(int(f.Fd()))
	if !watched {
		every = 5 * time.Second
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWidth(width),
		progressbar.OptionThrottle(every),
		progressbar.OptionShowBytes(bytes),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionUseANSICodes(watched),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(w) }),
	}
	if !bytes {
		options = append(options, progressbar.OptionShowIts(), progressbar.OptionSetItsString("reports"))
	}
	bar := progressbar.NewOptions64(max, options...)
	_ = bar.RenderBlank() // starts its clock; a bar that cannot be drawn stops nothing
	return bar
}
