// Package blob sends bytes that many ask for: compressed once, when somebody
// first asks, with a strong ETag for each coding.
package blob

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

const (
	// leastCompressed is the size below which bytes are sent as they are: they
	// fit one packet anyhow.
	leastCompressed = 400
	// Level 6 of Brotli is within 5 % of its best at a tenth of the time, so that
	// whoever asks first hardly waits.
	brotliLevel = 6
	tagDigits   = 32
)

// Blob is a body with its headers, ready to be sent. It is safe for concurrent
// use and its bytes never change.
type Blob struct {
	typ    []string
	hash   string
	packed bool // its type is compressed already
	plain  coding
	once   sync.Once
	coded  []coding // best first
}

type coding struct {
	name         string // as in Content-Encoding, empty for none
	body         []byte
	etag, length []string
	header       []string
}

// New returns a blob of a media type. The bytes are kept: never change them.
func New(typ string, body []byte) *Blob {
	sum := sha256.Sum256(body)
	b := &Blob{typ: []string{typ}, hash: hex.EncodeToString(sum[:])}
	b.packed = strings.HasPrefix(typ, "image/png") || strings.HasPrefix(typ, "application/vnd.pmtiles")
	b.plain = b.coding("", body)
	return b
}

// coding gives an ETag of its own: strong ones differ where bytes do.
func (b *Blob) coding(name string, body []byte) coding {
	tag := b.hash[:tagDigits]
	if name != "" {
		tag += "-" + name
	}
	return coding{name: name, body: body, etag: []string{`"` + tag + `"`}, length: []string{strconv.Itoa(len(body))}, header: []string{name}}
}

// Body is the bytes as they are: never change them.
func (b *Blob) Body() []byte { return b.plain.body }

// Type is the media type.
func (b *Blob) Type() string { return b.typ[0] }

// SHA256 is the hash of the bytes in hexadecimal.
func (b *Blob) SHA256() string { return b.hash }

// ETag is that of the bytes as they are.
func (b *Blob) ETag() string { return b.plain.etag[0] }

func (b *Blob) compress() {
	body := b.plain.body
	if len(body) < leastCompressed || b.packed {
		return
	}
	var br, gz bytes.Buffer
	w := brotli.NewWriterLevel(&br, brotliLevel)
	_, _ = w.Write(body) // a bytes.Buffer does not fail
	_ = w.Close()
	z, _ := gzip.NewWriterLevel(&gz, gzip.BestCompression) // the level is valid
	_, _ = z.Write(body)
	_ = z.Close()
	b.coded = []coding{b.coding("br", bytes.Clone(br.Bytes())), b.coding("gzip", bytes.Clone(gz.Bytes()))}
}

// Header values are shared between requests and never changed.
var valueVary = []string{"Accept-Encoding"}

// Serve answers a GET or HEAD request: 200, or 304 when the client has it.
// Caching and further headers are the caller's.
func (b *Blob) Serve(w http.ResponseWriter, r *http.Request) {
	b.once.Do(b.compress)
	c := &b.plain
	accept := r.Header.Get("Accept-Encoding")
	for i := range b.coded {
		if Accepts(accept, b.coded[i].name) {
			c = &b.coded[i]
			break
		}
	}
	head := w.Header()
	head["Etag"] = c.etag
	if vary := head["Vary"]; len(vary) > 0 {
		head["Vary"] = append(vary, valueVary...)
	} else {
		head["Vary"] = valueVary
	}
	if Matches(r.Header.Get("If-None-Match"), c.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head["Content-Type"] = b.typ
	if c.name != "" {
		head["Content-Encoding"] = c.header
	}
	head["Content-Length"] = c.length
	_, _ = w.Write(c.body) // the client may be gone, and there is nobody else to tell
}

// Accepts reads Accept-Encoding (RFC 9110, 12.5.3) as far as we have codings: a
// coding that is named and not with q=0.
func Accepts(header, name string) bool {
	for item := range strings.SplitSeq(header, ",") {
		token, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		if !strings.EqualFold(strings.TrimSpace(token), name) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		if !ok {
			return true
		}
		v, err := strconv.ParseFloat(q, 64)
		return err == nil && v > 0
	}
	return false
}

// Matches implements If-None-Match (RFC 9110, 13.1.2).
func Matches(header, etag string) bool {
	if header == "*" {
		return true
	}
	for item := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(item), "W/") == etag {
			return true
		}
	}
	return false
}
