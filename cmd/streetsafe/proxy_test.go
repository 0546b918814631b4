package main

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// proxy stands between programs and a PostgreSQL and can be told to pass
// nothing on, without closing a connection: what a broken network does.
type proxy struct {
	listener net.Listener
	to       string

	mu    sync.Mutex // guards the fields below
	gate  *sync.Cond
	open  bool
	ended bool
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, to: to, open: true, conns: map[net.Conn]bool{}}
	p.gate = sync.NewCond(&p.mu)
	go p.accept()
	t.Cleanup(p.close)
	return p
}

// at returns the URL of a database through the proxy.
func (p *proxy) at(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// stall keeps all connections and passes nothing on.
func (p *proxy) stall() { p.set(false) }

// resume passes on what was held back and all that follows.
func (p *proxy) resume() { p.set(true) }

func (p *proxy) set(open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = open
	p.gate.Broadcast()
}

// cut breaks all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.ended = true
	p.gate.Broadcast()
	p.mu.Unlock()
	p.cut()
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.join(near)
	}
}

func (p *proxy) join(near net.Conn) {
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		near.Close()
		return
	}
	p.mu.Lock()
	p.conns[near], p.conns[far] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{near: far, far: near} {
		both.Go(func() {
			_, _ = io.Copy(gated{to, p}, from) // its end, however it comes, ends both
			from.Close()
			to.Close()
		})
	}
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, near)
	delete(p.conns, far)
}

// gated writes only while the proxy is open.
type gated struct {
	io.Writer
	p *proxy
}

func (g gated) Write(b []byte) (int, error) {
	g.p.mu.Lock()
	for !g.p.open && !g.p.ended {
		g.p.gate.Wait()
	}
	g.p.mu.Unlock()
	return g.Writer.Write(b)
}
