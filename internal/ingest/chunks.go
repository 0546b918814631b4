package ingest

import (
	"bytes"
	"fmt"
	"io"
)

// chunkBytes is the size of the parts that parsers work on: some thousand rows,
// so that handing over costs nothing, and few enough bytes that all chunks in
// flight take a few megabytes.
const chunkBytes = 256 << 10

// chunks cuts a file into parts that end where records end.
type chunks struct {
	doc  *document
	size int
	buf  []byte
	line int
	eof  bool
	err  error // that ended the reading
	done bool  // the array's end was seen
}

func newChunks(d *document, size int) *chunks { return &chunks{doc: d, size: size, line: d.line} }

// next returns the next part. The error is io.EOF after the last one.
func (c *chunks) next() (chunk, error) {
	for want := c.size; !c.done; {
		c.fill(want)
		if n := c.cut(); n > 0 {
			return c.take(n), nil
		}
		switch {
		case c.err != nil:
			return chunk{}, cannotRead(c.err, c.line-1)
		case c.eof:
			return chunk{}, c.end()
		case len(c.buf) < maxRecordBytes:
			want = min(2*max(want, len(c.buf)), maxRecordBytes)
			continue
		case c.doc.plan.format == CSV, c.doc.plan.format == NDJSON:
			return c.skipLine()
		}
		return chunk{}, fmt.Errorf("the object that begins near line %d does not end within %d bytes: is it valid JSON?", c.line, maxRecordBytes)
	}
	return chunk{}, io.EOF
}

// fill reads until the buffer holds want bytes or the file ends. After an error
// the records that are whole are still handed over; what follows them is not
// taken for a last line, since a number may be cut in two.
func (c *chunks) fill(want int) {
	if cap(c.buf) < want {
		c.buf = append(make([]byte, 0, want), c.buf...)
	}
	for len(c.buf) < want && !c.eof && c.err == nil {
		n, err := c.doc.reader.Read(c.buf[len(c.buf):want])
		c.buf = c.buf[:len(c.buf)+n]
		if err == io.EOF {
			c.eof = true
		} else {
			c.err = err
		}
	}
}

// take hands over the first n bytes; the rest moves to a new buffer.
func (c *chunks) take(n int) chunk {
	out := chunk{data: c.buf[:n:n], line: c.line}
	c.line += bytes.Count(out.data, []byte("\n"))
	c.buf = append(make([]byte, 0, max(c.size, len(c.buf)-n)), c.buf[n:]...)
	return out
}

// cut returns the length of the whole records at the front of the buffer.
func (c *chunks) cut() int {
	switch c.doc.plan.format {
	case CSV:
		return cutCSV(c.buf, c.doc.plan.delim, c.eof)
	case NDJSON:
		if c.eof {
			return len(c.buf)
		}
		return bytes.LastIndexByte(c.buf, '\n') + 1
	}
	at := 0
	for {
		_, end, kind := nextItem(c.buf[at:])
		switch kind {
		case needMoreItem:
			return at
		case noMoreItems:
			c.done = true
			return at + end
		}
		at += end
	}
}

func cutCSV(b []byte, delim byte, final bool) int {
	if bytes.IndexByte(b, '"') < 0 {
		if final {
			return len(b)
		}
		return bytes.LastIndexByte(b, '\n') + 1
	}
	at := 0
	for at < len(b) {
		n, kind := nextRecord(b[at:], delim, final)
		if kind == needMore {
			break
		}
		at += n
	}
	return at
}

// end tells whether a file ended where it should.
func (c *chunks) end() error {
	isArray := c.doc.plan.format == GeoJSON || c.doc.plan.format == JSONArray
	if isArray && !c.done {
		return fmt.Errorf("it ends inside its array, near line %d: is it cut off? The rows before were read", c.line)
	}
	return io.EOF
}

// skipLine gives up on a line that is too long: its beginning is handed over to
// be rejected, the rest is passed without keeping it.
func (c *chunks) skipLine() (chunk, error) {
	out := chunk{data: bytes.Clone(c.buf[:maxShown]), line: c.line, tooLong: true}
	for {
		if i := bytes.IndexByte(c.buf, '\n'); i >= 0 {
			c.buf = append(make([]byte, 0, c.size), c.buf[i+1:]...)
			c.line++
			return out, nil
		}
		c.buf = c.buf[:0]
		if c.eof || c.err != nil {
			return out, nil
		}
		c.fill(c.size)
	}
}
