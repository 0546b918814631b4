package postgres

import (
	"encoding/binary"
	"io"

	"github.com/streetsafe/streetsafe/internal/report"
)

// copyHeader and copyTrailer frame PostgreSQL's binary COPY format. Source:
// https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format".
var (
	copyHeader  = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTrailer = []byte{0xff, 0xff}
)

const (
	// postgresEpoch is 2000-01-01, from which PostgreSQL counts dates.
	postgresEpoch = 10957

	// copyColumns is the number of columns of the table stage.
	copyColumns = 7

	// copyBuffer is how much of the stream is made at a time.
	copyBuffer = 64 << 10
)

// copyStream is records as rows of the table stage in binary COPY format. pgx
// can encode values itself, one by one through its table of types; that takes
// four times as long.
type copyStream struct {
	records []report.Record
	next    int
	buffer  []byte
	unread  []byte
	ended   bool
}

func newCopyStream(records []report.Record) *copyStream {
	return &copyStream{records: records, unread: copyHeader, buffer: make([]byte, 0, copyBuffer+1024)}
}

var _ io.Reader = (*copyStream)(nil)

// Read fills p with the next part of the stream.
func (c *copyStream) Read(p []byte) (int, error) {
	if len(c.unread) == 0 {
		if c.ended {
			return 0, io.EOF
		}
		c.fill()
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

func (c *copyStream) fill() {
	b := c.buffer[:0]
	for ; c.next < len(c.records) && len(b) < copyBuffer; c.next++ {
		b = appendRow(b, c.next, &c.records[c.next])
	}
	if c.next == len(c.records) {
		b = append(b, copyTrailer...)
		c.ended = true
	}
	c.buffer, c.unread = b, b
}

// appendRow appends ord, external_id, cell, occurred_on, daypart, dark, factors.
func appendRow(b []byte, ord int, r *report.Record) []byte {
	be := binary.BigEndian
	b = be.AppendUint16(b, copyColumns)
	b = be.AppendUint32(b, 8)
	b = be.AppendUint64(b, uint64(ord))
	b = be.AppendUint32(b, uint32(len(r.ExternalID)))
	b = append(b, r.ExternalID...)
	b = be.AppendUint32(b, 8)
	b = be.AppendUint64(b, uint64(r.Cell))
	b = be.AppendUint32(b, 4)
	b = be.AppendUint32(b, uint32(int32(r.Day)-postgresEpoch))
	for _, v := range [...]uint16{uint16(r.Daypart), uint16(r.Dark), uint16(r.Factors)} {
		b = be.AppendUint32(b, 2)
		b = be.AppendUint16(b, v)
	}
	return b
}
