package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadAnswer(t *testing.T) {
	tests := []struct {
		name, text string
		want       answer
		rest       string // left for the next answer
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP", answer{status: 200, size: 3, body: []byte("abc")}, "HTTP"},
		{"any case", "HTTP/1.1 200 OK\r\ncontent-LENGTH:3\r\n\r\nabc", answer{status: 200, size: 3, body: []byte("abc")}, ""},
		{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", answer{status: 200, size: 3, body: []byte("abc")}, ""},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", answer{status: 200}, ""},
		{"no content", "HTTP/1.1 204 No Content\r\nEtag: \"x\"\r\n\r\nHTTP", answer{status: 204, etag: `"x"`}, "HTTP"},
		{"not modified with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\nHTTP", answer{status: 304}, "HTTP"},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nHTTP",
			answer{status: 200, size: 13, body: []byte("abc0123456789")}, "HTTP"},
		{"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n!", answer{status: 200, size: 1, body: []byte("a")}, "!"},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nabc", answer{status: 200, size: 3, body: []byte("abc"), close: true}, ""},
		{"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", answer{status: 200, size: 1, body: []byte("a"), close: true}, ""},
		{"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", answer{status: 200, size: 1, body: []byte("a"), close: true}, ""},
		{"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na", answer{status: 200, size: 1, body: []byte("a")}, ""},
		{"after 103", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", answer{status: 200, size: 1, body: []byte("a")}, ""},
		{"kept headers", "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
			answer{status: 200, typ: "text/x", coding: "gzip"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := bufio.NewReader(iotest.OneByteReader(strings.NewReader(tt.text)))
			var got answer
			if err := readAnswer(r, &got, true); err != nil {
				t.Fatal(err)
			}
			if !equalAnswers(got, tt.want) {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if rest, err := io.ReadAll(r); err != nil || string(rest) != tt.rest {
				t.Errorf("left %q, %v; want %q", rest, err, tt.rest)
			}

			r = bufio.NewReader(strings.NewReader(tt.text))
			var skipped answer
			if err := readAnswer(r, &skipped, false); err != nil {
				t.Fatal(err)
			}
			if skipped.size != tt.want.size || skipped.status != tt.want.status || skipped.close != tt.want.close || len(skipped.body) != 0 {
				t.Errorf("skipping: %+v, want %+v", skipped, tt.want)
			}
			if rest, err := io.ReadAll(r); err != nil || string(rest) != tt.rest {
				t.Errorf("skipping left %q, %v; want %q", rest, err, tt.rest)
			}
		})
	}
}

func equalAnswers(a, b answer) bool {
	return a.status == b.status && a.size == b.size && a.close == b.close && string(a.body) == string(b.body) &&
		a.typ == b.typ && a.coding == b.coding && a.etag == b.etag
}

func TestReadAnswer_damaged(t *testing.T) {
	tests := []struct {
		name, text string
		want       error
	}{
		{"nothing", "", io.EOF},
		{"not HTTP", "SSH-2.0-OpenSSH\r\n", errHTTP},
		{"HTTP/2", "HTTP/2 200\r\n\r\n", errHTTP},
		{"no number", "HTTP/1.1 abc\r\n\r\n", errHTTP},
		{"cut status", "HTTP/1.1 20", io.ErrUnexpectedEOF},
		{"cut headers", "HTTP/1.1 200 OK\r\nContent-Le", io.ErrUnexpectedEOF},
		{"no end of headers", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", io.ErrUnexpectedEOF},
		{"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", io.ErrUnexpectedEOF},
		{"cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", io.ErrUnexpectedEOF},
		{"cut before a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", io.ErrUnexpectedEOF},
		{"chunk too long", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", errHTTP},
		{"huge chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n", errHTTP},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", errHTTP},
		{"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", errHTTP},
		{"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", errHTTP},
		{"endless line", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10_000), errHTTP},
		{"endless headers", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 20_000), errHTTP},
	}
	for _, tt := range tests {
		for _, keep := range []bool{true, false} {
			var a answer
			err := readAnswer(bufio.NewReader(strings.NewReader(tt.text)), &a, keep)
			if !errors.Is(err, tt.want) {
				t.Errorf("%s, keep %v: %v, want %v", tt.name, keep, err, tt.want)
			}
		}
	}
}

// Whatever net/http's own reader makes of a response, this one must agree
// where it accepts the response at all.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",                            // plain
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", // chunks
		"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n",       // no body
		"HTTP/1.1 200 OK\r\n\r\nabc", "HTTP/1.0 200 OK\r\n\r\n", // until the end
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",                     // lying lengths
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",           //
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", // both
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var kept, skipped answer
		err := readAnswer(bufio.NewReader(strings.NewReader(text)), &kept, true)
		if other := readAnswer(bufio.NewReader(strings.NewReader(text)), &skipped, false); (other == nil) != (err == nil) {
			t.Fatalf("keeping the body: %v, skipping it: %v", err, other)
		}
		if err != nil {
			return
		}
		if kept.size != len(kept.body) || kept.size != skipped.size {
			t.Fatalf("size %d, body %d, skipped %d", kept.size, len(kept.body), skipped.size)
		}
		theirs, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
		if err != nil || theirs.StatusCode < 200 || strings.Contains(text, "\n ") || strings.Contains(text, "\n\t") {
			return // folded headers are obsolete (RFC 9112, 5.2) and not read here
		}
		body, err := io.ReadAll(theirs.Body)
		if err == nil && (theirs.StatusCode != kept.status || string(body) != string(kept.body)) {
			t.Fatalf("net/http reads %d %q, this %d %q", theirs.StatusCode, body, kept.status, kept.body)
		}
	})
}
