package main

import (
	"slices"
	"testing"
)

func TestCount_Set(t *testing.T) {
	tests := []struct {
		in   string
		want int
		ok   bool
	}{
		{"1", 1, true}, {"100k", 100_000, true}, {"1M", 1_000_000, true}, {"2.5m", 2_500_000, true}, {" 7 ", 7, true}, {"1e3", 1000, true},
		{"", 0, false}, {"k", 0, false}, {"-1", 0, false}, {"1x", 0, false}, {"NaN", 0, false}, {"1e300", 0, false}, {"1MB", 0, false},
	}
	for _, tt := range tests {
		var c count
		if err := c.Set(tt.in); (err == nil) != tt.ok || tt.ok && int(c) != tt.want {
			t.Errorf("%q: %d, %v; want %d", tt.in, c, err, tt.want)
		}
	}
}

func TestCounts_Set(t *testing.T) {
	var c counts
	if err := c.Set("100k,1M,50"); err != nil || !slices.Equal(c, counts{100_000, 1_000_000, 50}) {
		t.Errorf("%v, %v", c, err)
	}
	if c.String() != "100k,1M,50" {
		t.Errorf("printed as %q", c.String())
	}
	for _, bad := range []string{"", "1,,2", "0", "1;2"} {
		if err := new(counts).Set(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestSize_Set(t *testing.T) {
	for in, want := range map[string]size{"0": 0, "512": 512, "64MB": 64 << 20, "1gb": 1 << 30, "1.5KB": 1536} {
		var z size
		if err := z.Set(in); err != nil || z != want {
			t.Errorf("%q: %d, %v; want %d", in, z, err, want)
		}
	}
	if err := new(size).Set("1k"); err == nil {
		t.Error("1k of bytes: no error")
	}
}

func TestStatusField(t *testing.T) {
	const text = "Name:\ttilebench\nVmHWM:\t  2048 kB\nVmRSS:\t    1024 kB\nVmData:\t10\n"
	for name, want := range map[string]int64{"VmRSS:": 1 << 20, "VmHWM:": 2 << 20, "VmSwap:": 0, "VmData:": 0} {
		if got := statusField([]byte(text), name); got != want {
			t.Errorf("%s %d, want %d", name, got, want)
		}
	}
	if got := memoryOf("no such process"); got != (memory{}) {
		t.Errorf("of no process: %+v", got)
	}
}
