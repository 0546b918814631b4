package form

import (
	"context"
	"sync"
	"time"
)

const (
	rememberedWrites = 64                      // how many of the last writes decide the pace,
	rememberedFor    = 10 * time.Minute        // and for how long,
	slowestWrite     = 1500 * time.Millisecond // and how slow at most, for the patience of people
)

// pacer makes answers leave at whole multiples of a time, so that the time of an
// answer does not tell what became of a report: a commit to disk is slower than
// finding out that a place is outside. When the disk becomes slow, the time
// grows with it for all answers alike: it is twice the slowest of the last writes
// at least, so that a write hardly ever takes longer.
type pacer struct {
	step time.Duration // negative for at once
	now  func() time.Time

	mu     sync.Mutex // guards what follows
	writes [rememberedWrites]write
	next   int
}

type write struct {
	at   time.Time
	took time.Duration
}

// wrote notes how long a write took.
func (p *pacer) wrote(since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.writes[p.next] = write{now, min(now.Sub(since), slowestWrite)}
	p.next = (p.next + 1) % rememberedWrites
}

// quantum is the present time between answers, a multiple of step.
func (p *pacer) quantum() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, slowest := p.now(), time.Duration(0)
	for _, w := range p.writes {
		if now.Sub(w.at) < rememberedFor {
			slowest = max(slowest, w.took)
		}
	}
	return (2*slowest/p.step + 1) * p.step
}

// wait waits until a whole multiple has passed since start, or the sender has
// gone.
func (p *pacer) wait(ctx context.Context, start time.Time) {
	if p.step < 0 {
		return
	}
	q, taken := p.quantum(), p.now().Sub(start)
	t := time.NewTimer((taken/q+1)*q - taken)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
