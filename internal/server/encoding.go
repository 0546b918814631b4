package server

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/streetsafe/streetsafe/internal/tilecache"
)

// minCompressed is the size under which compressing saves no network packet:
// with its headers such an answer fits in one of 1,500 bytes. Compressing costs
// 10 to 15 us however little there is, half of what a small tile costs in all.
const minCompressed = 1000

// encoding is one content coding. The tag keeps cache keys of codings apart.
type encoding struct {
	name     string // Content-Encoding, "" for identity
	tag      string
	compress func(body []byte) []byte
}

var (
	identity = encoding{tag: "i"}
	gzipped  = encoding{"gzip", "g", gzipBody}
	zstded   = encoding{"zstd", "z", zstdBody}
	brotlied = encoding{"br", "b", brotliBody}
)

// negotiateFile is negotiate for files that are compressed once, at start:
// brotli takes too long for a tile and is the smallest for text.
func negotiateFile(accept string) encoding {
	if strings.Contains(accept, ";") {
		return negotiate(accept)
	}
	for item := range strings.SplitSeq(accept, ",") {
		if strings.TrimSpace(item) == brotlied.name {
			return brotlied
		}
	}
	return negotiate(accept)
}

// maxBestBrotli bounds the files that get brotli's best quality, which is 11 %
// smaller than the next one and takes 3 us a byte: 150 ms for the largest.
const maxBestBrotli = 50 << 10

func brotliBody(body []byte) []byte {
	quality := brotli.BestCompression
	if len(body) > maxBestBrotli {
		quality = 9
	}
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, quality)
	_, _ = w.Write(body) // a bytes.Buffer does not fail
	_ = w.Close()
	return out.Bytes()
}

// negotiate picks the coding by Accept-Encoding (RFC 9110, 12.5.3): zstd where
// the client takes it, then gzip. Codings with a weight of zero are refused.
func negotiate(accept string) encoding {
	if accept == "" {
		return identity
	}
	if strings.Contains(accept, ";") {
		return negotiateWeighted(accept)
	}
	best := identity
	for item := range strings.SplitSeq(accept, ",") {
		switch strings.TrimSpace(item) {
		case "zstd":
			return zstded
		case "gzip":
			best = gzipped
		}
	}
	return best
}

func negotiateWeighted(accept string) encoding {
	best, bestWeight := identity, 0.0
	for item := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			w, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			weight = w
		}
		for _, e := range []encoding{zstded, gzipped} {
			known := strings.EqualFold(strings.TrimSpace(name), e.name)
			if known && weight > 0 && (weight > bestWeight || weight == bestWeight && e.name == zstded.name) {
				best, bestWeight = e, weight
			}
		}
	}
	return best
}

// entry makes a cache entry of a body that the caller may reuse afterwards.
func (e encoding) entry(body []byte, etag, typ string) *tilecache.Entry {
	out := &tilecache.Entry{Header: []tilecache.HeaderField{{Name: "Etag", Values: []string{etag}}}}
	if len(body) == 0 {
		return out
	}
	field := func(name, value string) {
		out.Header = append(out.Header, tilecache.HeaderField{Name: name, Values: []string{value}})
	}
	if e.compress == nil || len(body) < minCompressed {
		out.Body = bytes.Clone(body)
	} else {
		out.Body = e.compress(body)
		field("Content-Encoding", e.name)
	}
	field("Content-Type", typ)
	field("Content-Length", strconv.Itoa(len(out.Body)))
	return out
}

// gzipLevel 1 takes 80 us for a tile of 1,000 hexagons; level 6 takes four
// times as long for 9 % fewer bytes, and a cold tile waits for it.
const gzipLevel = gzip.BestSpeed

type gzipBuffer struct {
	out bytes.Buffer
	w   *gzip.Writer
}

var gzipBuffers = sync.Pool{New: func() any {
	b := &gzipBuffer{}
	b.w, _ = gzip.NewWriterLevel(&b.out, gzipLevel) // the level is valid
	return b
}}

func gzipBody(body []byte) []byte {
	b := gzipBuffers.Get().(*gzipBuffer)
	defer gzipBuffers.Put(b)
	b.out.Reset()
	b.w.Reset(&b.out)
	_, _ = b.w.Write(body) // a bytes.Buffer does not fail
	_ = b.w.Close()
	return bytes.Clone(b.out.Bytes())
}

type zstdBuffer struct {
	out []byte
	w   *zstd.Encoder
}

var zstdBuffers = sync.Pool{New: func() any {
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17)) // the options are valid
	return &zstdBuffer{w: w}
}}

func zstdBody(body []byte) []byte {
	b := zstdBuffers.Get().(*zstdBuffer)
	defer zstdBuffers.Put(b)
	b.out = b.w.EncodeAll(body, b.out[:0])
	return bytes.Clone(b.out)
}
