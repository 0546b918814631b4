package server

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/streetsafe/streetsafe/internal/access"
)

const (
	// deskSeats is how many analyses and files one account may have under way. A
	// page asks for one at a time and drops it when the next is wanted.
	deskSeats = 4
	// deskWait is what a client is told to wait, in seconds: most end sooner.
	deskWait = 2
)

// desk counts the long answers under way for each account, so that one person or
// program cannot take the server from the others.
type desk struct {
	mu     sync.Mutex // guards seated
	seated map[string]int
}

func newDesk() *desk { return &desk{seated: map[string]int{}} }

// take seats whoever asks, until leave is called.
func (d *desk) take(r *http.Request) (leave func(), err error) {
	who := access.FromContext(r.Context())
	key := who.Email
	if who.Account != 0 {
		key = strconv.FormatInt(who.Account, 10)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seated[key] >= deskSeats {
		p := newProblem(http.StatusTooManyRequests, "You have "+strconv.Itoa(deskSeats)+" analyses or files under way already. Wait until one of them is done, then ask again.")
		p.retryAfter = deskWait
		return nil, p
	}
	d.seated[key]++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.seated[key]--; d.seated[key] <= 0 {
			delete(d.seated, key)
		}
	}, nil
}
