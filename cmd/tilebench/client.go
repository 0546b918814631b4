package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// client is one keep-alive connection to a tile server. It is not safe for
// concurrent use.
type client struct {
	dial   func() (net.Conn, error)
	head   []byte // what follows the path in every request
	conn   net.Conn
	reader *bufio.Reader
	out    []byte
	asked  int // requests on the present connection
}

const (
	// requestTimeout is how long a server may take before a run fails.
	requestTimeout = time.Minute

	// deadlineEvery is how many requests share one deadline: setting it costs a
	// microsecond, and ten seconds of slack change nothing.
	deadlineEvery = 256

	// readBuffer takes most tiles in one read.
	readBuffer = 64 << 10
)

// endpoint is a server to drive.
type endpoint struct {
	addr   string // host:port to dial
	host   string // for the Host header
	accept string // Accept-Encoding
}

func (e endpoint) client() *client {
	head := " HTTP/1.1\r\nHost: " + e.host + "\r\nUser-Agent: tilebench\r\n"
	if e.accept != "" {
		head += "Accept-Encoding: " + e.accept + "\r\n"
	}
	return &client{
		dial: func() (net.Conn, error) { return net.Dial("tcp", e.addr) },
		head: []byte(head + "\r\n"),
	}
}

// get asks for a path and reads the answer into a. A connection that the
// server had closed meanwhile is opened again once.
func (c *client) get(path []byte, a *answer, keep bool) error {
	c.out = append(append(append(c.out[:0], "GET "...), path...), c.head...)
	fresh := c.conn == nil
	err := c.exchange(a, keep)
	if err != nil && !fresh && c.asked > 0 && isHangUp(err) {
		c.close()
		err = c.exchange(a, keep)
	}
	if err != nil || a.close {
		c.close()
	}
	return err
}

func (c *client) exchange(a *answer, keep bool) error {
	if c.conn == nil {
		conn, err := c.dial()
		if err != nil {
			return err
		}
		c.conn, c.asked = conn, 0
		if c.reader == nil {
			c.reader = bufio.NewReaderSize(nil, readBuffer)
		}
		c.reader.Reset(conn)
	}
	if c.asked%deadlineEvery == 0 {
		if err := c.conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
			return err
		}
	}
	c.asked++
	if _, err := c.conn.Write(c.out); err != nil {
		return err
	}
	return readAnswer(c.reader, a, keep)
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing unsent is lost
		c.conn = nil
	}
}

// isHangUp tells a connection that ended between two answers from a broken or
// slow server.
func isHangUp(err error) bool {
	var netErr net.Error
	return !errors.Is(err, errHTTP) && (!errors.As(err, &netErr) || !netErr.Timeout())
}

// parseURL splits the address of another tile server into where to connect and
// what to ask. Only servers of this machine are driven: a load driver is no
// tool to point at somebody else's.
func parseURL(raw string) (endpoint, target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return endpoint{}, target{}, err
	}
	if u.Scheme != "http" || u.Host == "" {
		return endpoint{}, target{}, fmt.Errorf("address %q: expected http://127.0.0.1:PORT/.../{z}/{x}/{y}", raw)
	}
	if !isLoopback(u.Hostname()) {
		return endpoint{}, target{}, fmt.Errorf("address %q: only a server on this machine is driven (127.0.0.0/8, [::1] or localhost); run tilebench where it runs", raw)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	// The template is cut from the text: url.Parse would escape its braces.
	after := raw[len("http://"):]
	path := "/"
	for i := range len(after) {
		if after[i] == '/' || after[i] == '?' {
			path = after[i:]
			break
		}
	}
	to, err := parseTarget(path)
	return endpoint{addr: net.JoinHostPort(u.Hostname(), port), host: u.Host}, to, err
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
