package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	redrawEvery = 100 * time.Millisecond

	// lineEvery is how often progress is written where nobody watches, in a log
	// for instance: often enough to see that a long import lives.
	lineEvery = 5 * time.Second
)

// bar shows how far a long command is: a bar on a terminal, elsewhere a plain
// line now and then.
type bar struct {
	w     io.Writer
	drawn *progressbar.ProgressBar // nil where nobody watches
	what  string
	done  int64
	max   int64 // negative: not known
	bytes bool  // what is counted; else reports

	now   func() time.Time
	shown time.Time // of the last line
}

// newBar returns a bar over max units, or one without an end when max is
// negative.
func newBar(w io.Writer, max int64, what string, bytes bool) *bar {
	f, isFile := w.(*os.File)
	b := &bar{w: w, what: what, max: max, bytes: bytes, now: time.Now}
	if isFile && term.IsTerminal(int(f.Fd())) {
		b.draw()
	}
	b.shown = b.now()
	return b
}

// draw makes it a bar on a terminal. It shows no rate of its own: at the start
// that would be none at all.
func (b *bar) draw() {
	const width = 30
	b.drawn = progressbar.NewOptions64(b.max,
		progressbar.OptionSetWriter(b.w),
		progressbar.OptionSetDescription(b.what),
		progressbar.OptionSetWidth(width),
		progressbar.OptionThrottle(redrawEvery),
		progressbar.OptionShowBytes(b.bytes),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionUseANSICodes(true),
	)
	_ = b.drawn.RenderBlank() // starts its clock; a bar that cannot be drawn stops nothing
}

// describe says what is going on.
func (b *bar) describe(what string) {
	b.what = what
	if b.drawn != nil {
		b.drawn.Describe(what)
	}
}

// add moves the bar on by n units.
func (b *bar) add(n int) { b.set(b.done + int64(n)) }

// set moves the bar to n units.
func (b *bar) set(n int64) {
	b.done = n
	if b.drawn != nil {
		_ = b.drawn.Set64(n) // a bar that cannot be drawn stops nothing
		return
	}
	if now := b.now(); now.Sub(b.shown) >= lineEvery {
		b.shown = now
		fmt.Fprintln(b.w, b.line())
	}
}

func (b *bar) line() string {
	switch {
	case b.bytes && b.max > 0:
		return fmt.Sprintf("%s, %d %% read", b.what, 100*b.done/b.max)
	case b.bytes:
		return b.what
	case b.max > 0:
		return fmt.Sprintf("%s: %d of %d", b.what, b.done, b.max)
	}
	return fmt.Sprintf("%s: %d", b.what, b.done)
}

// finish leaves the bar where it is; what is printed next begins a line.
func (b *bar) finish() {
	if b.drawn == nil {
		return
	}
	if b.max < 0 {
		_ = b.drawn.Finish() // ends its spinner
	} else {
		_ = b.drawn.Exit()
	}
	fmt.Fprintln(b.w)
}
