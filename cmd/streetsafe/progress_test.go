package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Where nobody watches, progress is whole lines and few of them.
func TestBar_withoutTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		max   int64
		bytes bool
		want  string
	}{
		"reports":      {1000, false, "copying: 500 of 1000\ncopying: 900 of 1000\n"},
		"no known end": {-1, false, "copying: 500\ncopying: 900\n"},
		"bytes":        {1000, true, "copying, 50 % read\ncopying, 90 % read\n"},
		"a pipe":       {-1, true, "copying\ncopying\n"},
	} {
		var out bytes.Buffer
		b := newBar(&out, c.max, "making ready", c.bytes)
		clock := b.shown
		b.now = func() time.Time { return clock }
		b.describe("copying")
		for range 10 {
			b.add(100)
			clock = clock.Add(lineEvery / 4)
		}
		b.finish()
		if got := out.String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestBar_onTerminal(t *testing.T) {
	for _, max := range []int64{1000, -1} {
		var out bytes.Buffer
		b := newBar(&out, max, "making up reports", false)
		b.draw()
		started := out.String()
		if !strings.Contains(started, "making up reports") || strings.Contains(started, "/hr") || strings.Contains(started, "\n") {
			t.Errorf("max %d: starts with %q", max, started)
		}
		b.add(1000)
		b.finish()
		if got := out.String(); !strings.HasSuffix(got, "\n") || strings.Count(got, "\n") != 1 {
			t.Errorf("max %d: the next text does not begin a line: %q", max, got)
		}
	}
}
