package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// answer is what the driver keeps of a response.
type answer struct {
	status int
	size   int  // bytes of the body as sent, still compressed
	close  bool // the server will send no more on this connection
	// Only filled in when the body is kept.
	body              []byte
	typ, coding, etag string
}

// What a server may send before the driver gives up on it.
const (
	maxHeadBytes = 64 << 10
	maxBodyBytes = 64 << 20
)

var errHTTP = errors.New("not an HTTP/1.1 response")

// readAnswer reads one HTTP/1.1 response (RFC 9112) to a GET into a. The body
// is skipped unless keep is set. It knows what tile servers send: a length,
// chunks, or neither and the end of the connection.
//
// A round trip over loopback takes 37 us with it and 60 us with net/http's
// client (BenchmarkClient; 0.25 us of it is this function), and on two shared
// cores the difference would be taken from the server.
func readAnswer(r *bufio.Reader, a *answer, keep bool) error {
	*a = answer{body: a.body[:0]}
	var f framing
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		if a.status, err = statusOf(line, a); err != nil {
			return err
		}
		if f, err = readHead(r, a, keep); err != nil {
			return err
		}
		if a.status >= 200 { // others announce the real one
			break
		}
	}
	if a.status == 204 || a.status == 304 {
		return nil
	}
	switch {
	case f.chunked:
		return readChunks(r, a, keep)
	case f.length >= 0:
		return take(r, a, f.length, keep)
	}
	a.close = true
	return takeRest(r, a, keep)
}

// framing says how the body of a response ends.
type framing struct {
	length  int // -1 when not said
	chunked bool
	old     bool // HTTP/1.0, which has no chunks
}

// readLine returns a line without its end; it is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if err == bufio.ErrBufferFull {
			return nil, fmt.Errorf("%w: line of more than %d bytes", errHTTP, len(line))
		}
		if err == io.EOF && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

func statusOf(line []byte, a *answer) (int, error) {
	const start = "HTTP/1."
	if len(line) < len(start)+5 || string(line[:len(start)]) != start || line[len(start)+1] != ' ' {
		return 0, fmt.Errorf("%w: begins with %.40q", errHTTP, line)
	}
	a.close = line[len(start)] == '0'
	n, err := strconv.Atoi(string(line[len(start)+2 : len(start)+5]))
	if err != nil || n < 100 {
		return 0, fmt.Errorf("%w: status in %.40q", errHTTP, line)
	}
	return n, nil
}

func readHead(r *bufio.Reader, a *answer, keep bool) (framing, error) {
	f := framing{length: -1, old: a.close}
	for total := 0; ; {
		line, err := readLine(r)
		if err != nil {
			return f, noEOF(err)
		}
		if len(line) == 0 {
			return f, nil
		}
		if total += len(line); total > maxHeadBytes {
			return f, fmt.Errorf("%w: more than %d bytes of headers", errHTTP, maxHeadBytes)
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			return f, fmt.Errorf("%w: header %.40q", errHTTP, line)
		}
		if err := readField(line[:colon], bytes.TrimSpace(line[colon+1:]), a, &f, keep); err != nil {
			return f, err
		}
	}
}

func readField(name, value []byte, a *answer, f *framing, keep bool) error {
	switch len(name) { // rules out nearly all names without looking at them
	case len("Content-Length"):
		if equalFold(name, "content-length") {
			n, err := strconv.Atoi(string(value))
			if err != nil || n < 0 || n > maxBodyBytes {
				return fmt.Errorf("%w: Content-Length %.40q", errHTTP, value)
			}
			f.length = n
		}
	case len("Transfer-Encoding"):
		if equalFold(name, "transfer-encoding") {
			f.chunked = !f.old && equalFold(value, "chunked")
		}
	case len("Connection"):
		if equalFold(name, "connection") {
			a.close = a.close && !equalFold(value, "keep-alive") || equalFold(value, "close")
		}
	}
	if !keep {
		return nil
	}
	switch {
	case equalFold(name, "content-type"):
		a.typ = string(value)
	case equalFold(name, "content-encoding"):
		a.coding = string(value)
	case equalFold(name, "etag"):
		a.etag = string(value)
	}
	return nil
}

func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range len(b) {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func readChunks(r *bufio.Reader, a *answer, keep bool) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return noEOF(err)
		}
		if i := bytes.IndexByte(line, ';'); i >= 0 {
			line = line[:i]
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil || int(n) > maxBodyBytes-a.size {
			return fmt.Errorf("%w: chunk of %.40q", errHTTP, line)
		}
		if n == 0 {
			break
		}
		if err := take(r, a, int(n), keep); err != nil {
			return err
		}
		if end, err := readLine(r); err != nil || len(end) != 0 {
			return fmt.Errorf("%w: chunk without its end (%v)", errHTTP, noEOF(err))
		}
	}
	for total := 0; ; { // trailers
		line, err := readLine(r)
		if err != nil || len(line) == 0 {
			return noEOF(err)
		}
		if total += len(line); total > maxHeadBytes {
			return fmt.Errorf("%w: more than %d bytes of trailers", errHTTP, maxHeadBytes)
		}
	}
}

// take reads n bytes of the body.
func take(r *bufio.Reader, a *answer, n int, keep bool) error {
	a.size += n
	if !keep {
		_, err := r.Discard(n)
		return noEOF(err)
	}
	for n > 0 { // piece by piece: a lying length must not allocate
		piece := min(n, 64<<10)
		at := len(a.body)
		a.body = append(a.body, make([]byte, piece)...)
		if _, err := io.ReadFull(r, a.body[at:]); err != nil {
			return noEOF(err)
		}
		n -= piece
	}
	return nil
}

// takeRest reads the body that ends with the connection.
func takeRest(r *bufio.Reader, a *answer, keep bool) error {
	for a.size <= maxBodyBytes {
		if _, err := r.Peek(1); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if err := take(r, a, min(r.Buffered(), math.MaxInt32), keep); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: more than %d bytes of body", errHTTP, maxBodyBytes)
}

// noEOF turns an end in the middle of something into an error that says so.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
