package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Proxies are the addresses of proxies whose word about clients counts.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks such as 10.0.0.0/8.
func ParseProxies(list []string) (Proxies, error) {
	var out Proxies
	for _, s := range list {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p Proxies) has(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// client names who is at the other end, for counting tries in memory: an IPv4
// address, or the /64 that one customer of an IPv6 network has.
func (p Proxies) client(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	addr := at.Addr().Unmap()
	// Each proxy adds the address it was asked from at the end: the last one
	// that is no proxy of ours is the client.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.has(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	if addr.Is6() {
		if net, err := addr.Prefix(64); err == nil {
			return net.Addr().String()
		}
	}
	return addr.String()
}

const (
	sessionCookie = "streetsafe"
	deviceCookie  = "streetsafe-device"
	oidcCookie    = "streetsafe-oidc"
	demoCookie    = "streetsafe-demo"

	hostPrefix = "__Host-"
)

// secure reports whether the browser reaches us through TLS. A client that lies
// about it only harms its own cookies.
func (g *Gate) secure(r *http.Request) bool {
	var state *tls.ConnectionState = r.TLS
	return state != nil || g.publicHTTPS || r.Header.Get("X-Forwarded-Proto") == "https"
}

func (g *Gate) cookieName(r *http.Request, name string) string {
	if g.secure(r) {
		return hostPrefix + name
	}
	return name
}

// setCookie sets a cookie that scripts cannot read and other sites cannot send
// with anything but a link. maxAge is in seconds; 0 ends with the browser and
// negative deletes.
func (g *Gate) setCookie(w http.ResponseWriter, r *http.Request, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: g.cookieName(r, name), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: g.secure(r), SameSite: http.SameSiteLaxMode})
}

// cookie returns the value of a cookie, "" without one. It reads the header in
// place: every tile comes with one.
func (g *Gate) cookie(r *http.Request, name string) string {
	name = g.cookieName(r, name)
	for _, line := range r.Header["Cookie"] {
		for len(line) > 0 {
			var item string
			item, line, _ = strings.Cut(line, ";")
			item = strings.TrimLeft(item, " ")
			if len(item) > len(name) && item[len(name)] == '=' && item[:len(name)] == name {
				return item[len(name)+1:]
			}
		}
	}
	return ""
}

// sign makes a value that only this store's servers can make.
func (g *Gate) sign(purpose, value string) string {
	return base64.RawURLEncoding.EncodeToString(g.mac(purpose, value))
}

func (g *Gate) mac(purpose, value string) []byte {
	m := hmac.New(sha256.New, g.secret)
	_, _ = m.Write([]byte(strconv.Itoa(len(purpose)) + ":" + purpose))
	_, _ = m.Write([]byte(value))
	return m.Sum(nil)
}

func (g *Gate) signed(purpose, value, signature string) bool {
	got, err := base64.RawURLEncoding.DecodeString(signature)
	return err == nil && hmac.Equal(got, g.mac(purpose, value))
}

// device names a browser that has logged into the account before. Its tries
// count on their own: whoever tries the account from the same address, behind
// one proxy for instance, does not make it wait.
func (g *Gate) device(r *http.Request, email string) (string, bool) {
	id, signature, ok := strings.Cut(g.cookie(r, deviceCookie), ".")
	if !ok || !g.signed("device "+email, id, signature) {
		return "", false
	}
	return "device " + id, true
}

const deviceDays = 180

func (g *Gate) rememberDevice(w http.ResponseWriter, r *http.Request, email string) {
	id := newSecret()[:22]
	g.setCookie(w, r, deviceCookie, id+"."+g.sign("device "+email, id), deviceDays*24*60*60)
}

// LocalPath returns where to go after logging in: a path of this site, or the
// map. It must not lead elsewhere, whatever a link says.
func LocalPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/hub"
	}
	return s
}
