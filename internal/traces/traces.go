// Package traces looks for what must never be on disk of somebody who reported:
// address, user agent, coordinate, clock time, and what was typed. It is for
// tests and checks; the program does not use it.
package traces

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // clock times are looked for in the time of London too
)

// Sender is what is known of somebody who reported.
type Sender struct {
	Addresses []netip.Addr
	Texts     []string     // user agent, what was typed into the search
	Points    [][2]float64 // latitude and longitude in degrees, as they were sent
	From, To  time.Time    // when; both zero when times are not looked for
}

// Found is one trace.
type Found struct {
	Where string // file, or whatever the caller gave
	What  string // "address 192.0.2.1 as text"
	At    int    // byte
}

func (f Found) String() string { return fmt.Sprintf("%s: %s at byte %d", f.Where, f.What, f.At) }

type needle struct {
	what  string
	bytes []byte
}

// texts are the traces that people could read.
func (s Sender) texts() (list []needle) {
	add := func(what, text string) {
		if text != "" {
			list = append(list, needle{what + " as text", []byte(text)})
		}
	}
	for _, a := range s.Addresses {
		add("address "+a.String(), a.String())
	}
	for _, t := range s.Texts {
		add(strconv.Quote(t), t)
	}
	for _, p := range s.Points {
		for _, x := range p {
			// To four decimals: some eleven metres. Cut and rounded begin alike but
			// for the last digit.
			add(fmt.Sprintf("coordinate %v", x), cut(math.Abs(x)))
			if rounded := strconv.FormatFloat(math.Abs(x), 'f', 4, 64); rounded != cut(math.Abs(x)) {
				add(fmt.Sprintf("coordinate %v, rounded,", x), rounded)
			}
		}
	}
	return list
}

func cut(x float64) string { return strconv.FormatFloat(math.Floor(x*1e4)/1e4, 'f', 4, 64) }

// binaries are the traces as programs write numbers.
func (s Sender) binaries() (list []needle) {
	for _, a := range s.Addresses {
		if !a.IsLoopback() { // 127.0.0.1 is like many a number
			list = append(list, needle{"address " + a.String() + " as bytes", a.AsSlice()})
		}
	}
	for _, p := range s.Points {
		for _, x := range p {
			bits := math.Float64bits(x)
			list = append(list,
				needle{fmt.Sprintf("coordinate %v as a big-endian number", x), binary.BigEndian.AppendUint64(nil, bits)},
				needle{fmt.Sprintf("coordinate %v as a little-endian number", x), binary.LittleEndian.AppendUint64(nil, bits)})
		}
	}
	return list
}

// Text looks for traces that people could read, decimal times since 1970
// included.
func (s Sender) Text(where string, b []byte) (found []Found) {
	found = search(where, b, s.texts())
	if s.From.IsZero() {
		return found
	}
	for _, m := range clock.FindAllIndex(b, -1) {
		if s.clockTime(string(b[m[0]:m[1]])) {
			found = append(found, Found{where, "clock time " + string(b[m[0]:m[1]]), m[0]})
		}
	}
	for _, m := range epoch.FindAllIndex(b, -1) {
		if n, err := strconv.ParseInt(string(b[m[0]:m[1]]), 10, 64); err == nil && s.during(n) {
			found = append(found, Found{where, "time since 1970 " + string(b[m[0]:m[1]]), m[0]})
		}
	}
	return found
}

// Bytes looks for traces in every form: Text, and numbers as programs write them.
func (s Sender) Bytes(where string, b []byte) []Found {
	found := append(s.Text(where, b), search(where, b, s.binaries())...)
	if s.From.IsZero() {
		return found
	}
	// Eight bytes that are a time by chance are one in 10^9 at worst. SQLite cuts
	// milliseconds to six, of which 10^8 mean nothing.
	for i := 0; i+8 <= len(b); i++ {
		big := binary.BigEndian.Uint64(b[i:])
		switch {
		case s.number(int64(big)):
			found = append(found, Found{where, "time since 1970 as a big-endian number", i})
		case s.number(int64(binary.LittleEndian.Uint64(b[i:]))):
			found = append(found, Found{where, "time since 1970 as a little-endian number", i})
		case big>>16 > 1<<40 && s.number(int64(big>>16)):
			found = append(found, Found{where, "time since 1970 as a number of six bytes", i})
		}
	}
	return found
}

// number is during for numbers that may be anything.
func (s Sender) number(n int64) bool { return n > 1e9 && s.during(n) }

func search(where string, b []byte, list []needle) (found []Found) {
	for _, n := range list {
		if i := bytes.Index(b, n.bytes); i >= 0 {
			found = append(found, Found{where, n.what, i})
		}
	}
	return found
}

var (
	clock = regexp.MustCompile(`[0-2]\d:[0-5]\d:[0-5]\d`)
	epoch = regexp.MustCompile(`\b\d{10,19}\b`)
)

// clockTime reports whether a time of day is one of those of the sender, in UTC
// or in London.
func (s Sender) clockTime(text string) bool {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("traces: the zone is linked in: " + err.Error())
	}
	for _, zone := range []*time.Location{time.UTC, london} {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", s.From.In(zone).Format(time.DateOnly)+" "+text, zone)
		if err == nil && !at.Before(s.From.Truncate(time.Second)) && !at.After(s.To) {
			return true
		}
	}
	return false
}

// during reports whether a number is a time of the sender in seconds,
// milliseconds, microseconds or nanoseconds since 1970, or in microseconds since
// 2000, as PostgreSQL counts.
func (s Sender) during(n int64) bool {
	const since2000 = 946_684_800
	for _, unit := range []int64{1, 1e3, 1e6, 1e9} {
		if n/unit >= s.From.Unix() && n/unit <= s.To.Unix() {
			return true
		}
	}
	return n/1e6+since2000 >= s.From.Unix() && n/1e6+since2000 <= s.To.Unix()
}

// Files looks through every file below some directories, whatever it is called.
// It fails when there is none, since nothing was looked at then.
func (s Sender) Files(dirs ...string) (found []Found, err error) {
	files := 0
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(name)
			if errors.Is(err, fs.ErrNotExist) { // a temporary one
				return nil
			}
			files++
			found = append(found, s.Bytes(name, b)...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("traces: %w", err)
		}
	}
	if files == 0 {
		return nil, errors.New("traces: no file to look through")
	}
	return found, nil
}
