package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// memory is what Linux says of a process, in bytes; zero elsewhere.
type memory struct{ rss, peak int64 }

// memoryOf reads /proc/PID/status; pid is "self" or a number.
func memoryOf(pid string) memory {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return memory{}
	}
	return memory{rss: statusField(text, "VmRSS:"), peak: statusField(text, "VmHWM:")}
}

// statusField reads a line such as "VmRSS:     1234 kB".
func statusField(text []byte, name string) int64 {
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(line, []byte(name))
		if !ok {
			continue
		}
		f := bytes.Fields(rest)
		if len(f) != 2 || string(f[1]) != "kB" {
			return 0
		}
		n, err := strconv.ParseInt(string(f[0]), 10, 64)
		if err != nil {
			return 0
		}
		return n << 10
	}
	return 0
}

// resetPeak starts VmHWM of this process anew (proc(5), clear_refs). Where that
// is not allowed the peak stays that of the build, and is reported as such.
func resetPeak() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
