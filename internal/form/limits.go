package form

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

const (
	// limitKeyLife is how long an address can be recognised, even by us.
	limitKeyLife = 24 * time.Hour

	limitWindow = time.Hour

	// maxTokens bounds the memory of the limiter; past it the oldest networks
	// are forgotten, which lets through rather than locks out.
	maxTokens = 100_000

	weightResolution = 8 // the cell in which repeats of one network weigh nothing
)

// networkToken stands for a network for a day: HMAC-SHA256 of the IPv4 address
// or the IPv6 /64 under a random key that is never written anywhere.
type networkToken [16]byte

// limits counts reports of networks, in memory, by ephemeral tokens.
type limits struct {
	perHour int
	now     func() time.Time

	mu     sync.Mutex // guards what follows
	key    [32]byte
	born   time.Time
	recent map[networkToken][]time.Time
	seen   map[networkToken]struct{} // token, cell, day and theme of reports that weigh
}

func newLimits(perHour int, now func() time.Time) *limits {
	return &limits{perHour: perHour, now: now}
}

// renew throws away the key and all that was counted under it once a day.
// l.mu is held.
func (l *limits) renew(now time.Time) {
	if !l.born.IsZero() && now.Sub(l.born) < limitKeyLife {
		return
	}
	_, _ = rand.Read(l.key[:]) // never fails (crypto/rand)
	l.born, l.recent, l.seen = now, map[networkToken][]time.Time{}, map[networkToken]struct{}{}
}

// l.mu is held.
func (l *limits) mac(parts ...[]byte) (t networkToken) {
	m := hmac.New(sha256.New, l.key[:])
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		m.Write(n[:])
		m.Write(p)
	}
	copy(t[:], m.Sum(nil))
	return t
}

// judge counts a report of a network. over is true from the first report on
// that exceeds the hour's limit; weight is 1 for the first report of the
// network in the cell of resolution 8, on the day, with the theme.
func (l *limits) judge(from netip.Addr, r report.Report) (weight int, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.renew(now)
	token := l.mac([]byte("network"), network(from))
	if over = l.count(token, now); over {
		return 0, true
	}
	parent, err := r.Cell.Parent(weightResolution)
	if err != nil {
		parent = r.Cell // cannot happen: the cell is valid
	}
	seen := l.mac([]byte("weight"), token[:], cellBytes(parent), dayBytes(r.Day), []byte{theme(r.Factors)})
	if _, known := l.seen[seen]; known {
		return 0, false
	}
	if len(l.seen) < maxTokens {
		l.seen[seen] = struct{}{}
	}
	return 1, false
}

// count notes a report. l.mu is held.
func (l *limits) count(token networkToken, now time.Time) (over bool) {
	times := slices.DeleteFunc(l.recent[token], func(t time.Time) bool { return now.Sub(t) >= limitWindow })
	if len(times) >= l.perHour {
		l.recent[token] = times
		return true
	}
	if _, known := l.recent[token]; !known && len(l.recent) >= maxTokens {
		l.forget(now)
	}
	l.recent[token] = append(times, now)
	return false
}

// forget makes room: first by what is out of the window, then by anything.
// l.mu is held.
func (l *limits) forget(now time.Time) {
	for t, times := range l.recent {
		if now.Sub(times[len(times)-1]) >= limitWindow {
			delete(l.recent, t)
		}
	}
	for t := range l.recent {
		if len(l.recent) < maxTokens {
			return
		}
		delete(l.recent, t)
	}
}

// network is the part of an address that one household or phone keeps.
func network(a netip.Addr) []byte {
	a = a.Unmap()
	if a.Is6() {
		p, err := a.WithZone("").Prefix(64)
		if err != nil {
			return nil // cannot happen: 64 bits are in every IPv6 address
		}
		b := p.Addr().As16()
		return b[:8]
	}
	return a.AsSlice()
}

// theme is 1 for places, 2 for people, 3 for both.
func theme(f report.Factors) (t byte) {
	if f&report.EnvironmentalFactors != 0 {
		t |= 1
	}
	if f&report.BehaviouralFactors != 0 {
		t |= 2
	}
	return t
}

func cellBytes(c h3.Cell) []byte   { return binary.BigEndian.AppendUint64(nil, uint64(c)) }
func dayBytes(d report.Day) []byte { return binary.BigEndian.AppendUint32(nil, uint32(d)) }

// client returns the address a request came from. Only proxies that the
// operator named are believed about others.
func (h *Handler) client(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && h.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next
	}
	return addr
}

func (h *Handler) trusted(a netip.Addr) bool {
	for _, p := range h.cfg.TrustedProxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
