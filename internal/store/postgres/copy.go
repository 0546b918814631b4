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

	// copyBuffer is how much of the stream is made at a time.
	copyBuffer = 64 << 10
)

// rowAppender appends the columns of a record, the ord-th of those that were
// prepared, in binary COPY format.
type rowAppender func(b []byte, ord int, r *report.Record) []byte

// copyStream is records as rows in binary COPY format. pgx can encode values
// itself, one by one through its table of types; that takes four times as long.
type copyStream struct {
	records []report.Record
	order   []int32 // of the rows; nil for that of the records
	row     rowAppender
	next    int
	buffer  []byte
	unread  []byte
	ended   bool
}

func newCopyStream(records []report.Record, order []int32, row rowAppender) *copyStream {
	return &copyStream{records: records, order: order, row: row, unread: copyHeader, buffer: make([]byte, 0, copyBuffer+1024)}
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
		ord := c.next
		if c.order != nil {
			ord = int(c.order[ord])
		}
		b = c.row(b, ord, &c.records[ord])
	}
	if c.next == len(c.records) {
		b = append(b, copyTrailer...)
		c.ended = true
	}
	c.buffer, c.unread = b, b
}

// appendStaged appends a row of stage: ord, external_id, cell, occurred_on,
// daypart, dark, factors.
func appendStaged(b []byte, ord int, r *report.Record) []byte {
	b = binary.BigEndian.AppendUint16(b, 7)
	b = appendInt64(b, int64(ord))
	b = appendText(b, r.ExternalID)
	b = appendInt64(b, int64(r.Cell))
	return appendWhen(b, r)
}

// keyAppender appends rows of report_keys: source_id, external_id, report_id,
// occurred_on.
func keyAppender(source, firstID int64) rowAppender {
	return func(b []byte, ord int, r *report.Record) []byte {
		b = binary.BigEndian.AppendUint16(b, 4)
		b = appendInt32(b, int32(source))
		b = appendText(b, r.ExternalID)
		b = appendInt64(b, firstID+int64(ord))
		return appendInt32(b, int32(r.Day)-postgresEpoch)
	}
}

// reportAppender appends rows of reports: id, cell, batch, source_id,
// occurred_on, daypart, dark, factors.
func reportAppender(batch, source, firstID int64) rowAppender {
	return func(b []byte, ord int, r *report.Record) []byte {
		b = binary.BigEndian.AppendUint16(b, 8)
		b = appendInt64(b, firstID+int64(ord))
		b = appendInt64(b, int64(r.Cell))
		b = appendInt64(b, batch)
		b = appendInt32(b, int32(source))
		return appendWhen(b, r)
	}
}

// appendWhen appends occurred_on, daypart, dark and factors.
func appendWhen(b []byte, r *report.Record) []byte {
	b = appendInt32(b, int32(r.Day)-postgresEpoch)
	for _, v := range [...]uint16{uint16(r.Daypart), uint16(r.Dark), uint16(r.Factors)} {
		b = binary.BigEndian.AppendUint32(b, 2)
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func appendInt64(b []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(v))
}

func appendInt32(b []byte, v int32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, 4), uint32(v))
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
