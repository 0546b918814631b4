package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Input is a file to import.
type Input struct {
	Name   string // base name without .gz; the default source name
	Reader io.Reader
	Size   int64 // bytes as stored; 0 when not known
}

// StandardInput is the path that stands for standard input.
const StandardInput = "-"

// OpenFile opens a path for import; "-" is standard input. The closer is never
// nil when err is nil.
func OpenFile(path string) (Input, io.Closer, error) {
	if path == StandardInput {
		return Input{Name: "stdin", Reader: os.Stdin}, io.NopCloser(os.Stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return Input{}, nil, cannotRead(err, 0)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a directory: name the files in it")
	}
	if err != nil {
		f.Close()
		return Input{}, nil, cannotRead(err, 0)
	}
	in := Input{Name: strings.TrimSuffix(filepath.Base(path), ".gz"), Reader: f}
	if info.Mode().IsRegular() {
		in.Size = info.Size()
	}
	return in, f, nil
}

// WrongFileError says that nothing of a file can be imported as asked. Like all
// errors of this package its text leaves naming the file to the caller.
type WrongFileError struct {
	File   string
	Reason string // what is wrong
	Hint   string // what to do
}

func (e *WrongFileError) Error() string { return e.Reason + "; " + e.Hint }

// Format is a kind of file.
type Format uint8

// The formats; FormatAuto recognises them by content.
const (
	FormatAuto Format = iota
	CSV
	NDJSON
	GeoJSON
	JSONArray
)

var formatNames = [...]string{"auto", "csv", "ndjson", "geojson", "json"}

// String returns the name that ParseFormat reads.
func (f Format) String() string { return formatNames[f] }

// MarshalText writes the name, for JSON.
func (f Format) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// ParseFormat reads the name of a format.
func ParseFormat(s string) (Format, error) {
	for f, name := range formatNames {
		if strings.EqualFold(s, name) {
			return Format(f), nil
		}
	}
	return 0, fmt.Errorf("unknown format %q: expected %s", s, strings.Join(formatNames[:], ", "))
}

// countingReader counts the bytes taken from a file; another goroutine may ask.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// maxRecordBytes bounds one record. Real rows have some hundred bytes; the
// bound is what an unclosed quote can swallow, and the memory it can take.
const maxRecordBytes = 1 << 20

// text unwraps gzip and the byte order mark, and refuses what is not text.
func text(name string, r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	if head, _ := br.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		gz, err := gzip.NewReader(br)
		if err != nil {
			return nil, &WrongFileError{name, "it starts like a gzip file but is damaged or still being written", "copy or compress it again"}
		}
		r = gz
	} else {
		r = br
	}
	br = bufio.NewReaderSize(r, maxRecordBytes)
	head, err := br.Peek(4096)
	if err != nil && err != io.EOF {
		return nil, cannotRead(err, 0)
	}
	if wrong := notText(name, head); wrong != nil {
		return nil, wrong
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = br.Discard(3) // has been peeked
	}
	return br, nil
}

// notText recognises the files that people send instead of text. It returns nil
// for text.
func notText(name string, head []byte) error {
	const asCSV = "save it as CSV (UTF-8) and import that"
	for _, m := range []struct{ magic, what, hint string }{
		{"PK\x03\x04", "it is a ZIP archive or an Excel workbook", "unpack it, or " + asCSV},
		{"\xd0\xcf\x11\xe0", "it is an old Excel workbook", asCSV},
		{"\xff\xfe", "it is UTF-16 text", asCSV},
		{"\xfe\xff", "it is UTF-16 text", asCSV},
		{"SQLite format 3\x00", "it is an SQLite database", "export the table as CSV"},
		{"PAR1", "it is a Parquet file", "export it as CSV or NDJSON"},
		{"\x28\xb5\x2f\xfd", "it is compressed with zstd", "decompress it or use gzip"},
		{"BZh", "it is compressed with bzip2", "decompress it or use gzip"},
		{"\xfd7zXZ", "it is compressed with xz", "decompress it or use gzip"},
		{"%PDF", "it is a PDF", "ask its publisher for the table as CSV"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return &WrongFileError{name, m.what, m.hint}
		}
	}
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	switch {
	case len(trimmed) == 0 && len(head) < 4096:
		return &WrongFileError{name, "it is empty", "a file needs at least a header line, such as " + canonicalHeader}
	case bytes.IndexByte(head, 0) >= 0:
		return &WrongFileError{name, "it is binary, not text", "import CSV, NDJSON or GeoJSON, plain or gzip"}
	case trimmed[0] == '<':
		return &WrongFileError{name, "it is a web page or XML", "download the data itself as CSV, NDJSON or GeoJSON"}
	}
	return nil
}

// recognise tells the format of text by its beginning.
func recognise(head []byte) Format {
	head = bytes.TrimLeft(head, " \t\r\n\x1e")
	switch {
	case len(head) == 0 || head[0] != '{' && head[0] != '[':
		return CSV
	case head[0] == '[':
		return JSONArray
	}
	// A line of a GeoJSON sequence is a whole Feature; a collection says so
	// before its features or has them as an array.
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if bytes.Contains(line, []byte(`"FeatureCollection"`)) || bytes.Contains(line, []byte(`"features"`)) {
		return GeoJSON
	}
	if balanced := scanObject(line); balanced == len(bytes.TrimSpace(line)) && balanced > 0 {
		return NDJSON
	}
	if bytes.Contains(head, []byte(`"FeatureCollection"`)) || bytes.Contains(head, []byte(`"features"`)) {
		return GeoJSON
	}
	return NDJSON
}
