package attack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/release"
	"github.com/streetsafe/streetsafe/internal/report"
)

// Effort is how much an attack tries.
type Effort struct {
	Cases int // random bodies of reports (T3), positions (T10), paths (T11)
	Games int // for each number of injected reports, with and without the last one
	Draws int // freezes for samples of noise
}

// Quick is enough to catch every broken builder in seconds; Thorough narrows the
// figures.
var (
	Quick    = Effort{Cases: 10_000, Games: 15 * gamesPerFreeze, Draws: 5}
	Thorough = Effort{Cases: 50_000, Games: 300 * gamesPerFreeze, Draws: 60}
)

// Bounds that a release must keep.
const (
	mostAdvantage = 0.32 // the ceiling of resolution 8 is tanh(0.3) = 0.291; the rest is chance
	mostPrecision = 0.95
	mostCertain   = 0.01  // P(shown | exactly the floor)
	confidence    = 0.001 // error of the lower bound of epsilon
)

// trial is a subject under attack.
type trial struct {
	Effort
	s     Subject
	dir   string
	games []outcome // played once for all attacks that need them
}

func (t *trial) outcomes() ([]outcome, error) {
	if t.games == nil {
		games, err := play(t.s, t.Games)
		if err != nil {
			return nil, err
		}
		t.games = games
	}
	return t.games, nil
}

// attack is one way of learning what must not be learnt.
type attack struct {
	id, what string
	run      func(t *trial) (figure string, err error)
}

func attacks() []attack {
	return []attack{
		{"T1", "every public byte rebuilt from the frozen blocks", rebuilt},
		{"T2", "floor, threshold, rounding; policy safe; universe complete", floors},
		{"T3", "one report more moves one L8, one L6 and three LF counts by one", sensitivity},
		{"T4", "epsilon measured below its bound", epsilon},
		{"T5", "zoom, time, theme and total differencing", differencing},
		{"T6", "injection of 4, 9, 14, 15 and 40 reports", injection},
		{"T7", "late and deleted reports, second build, restart", freezing},
		{"T8", "noise of empty cells", emptyNoise},
		{"T9", "same bytes on a replica and in another order", replicas},
		{"T10", "every level is the ancestor of the stored cell", ancestors},
		{"T11", "fuzzed paths and queries: one and the same answer", onePublicAnswer},
		{"T12", "everything public before and after a report", beforeAfter},
	}
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// body makes n random reports, crowded into few cells and days so that caps are
// met.
func body(r *rand.Rand, u *release.Universe, n int) []release.Item {
	items := make([]release.Item, n)
	for i := range items {
		items[i] = randomItem(r, u)
	}
	return items
}

func randomItem(r *rand.Rand, u *release.Universe) release.Item {
	c := u.Cell8(r.IntN(u.Slots()/49) * 49)
	if r.IntN(4) > 0 {
		c = u.Cell8(r.IntN(3))
	}
	fine, err := h3.ChildPosToCell(r.IntN(343), c, report.Resolution)
	if err != nil {
		panic(err) // every cell has that many children
	}
	d := half.From() + report.Day(r.IntN(3))
	return release.Item{Weight: 1, Received: d,
		Report: report.Report{Cell: fine, Day: d, Factors: report.Factors(1 + r.IntN(int(report.AllFactors)))}}
}

func rebuilt(t *trial) (string, error) {
	site, err := openFilled(t.s, t.dir, 1)
	if err != nil {
		return "", err
	}
	return "", site.Rebuilt()
}

func openFilled(s Subject, dir string, seed uint64) (Site, error) {
	site, err := s.Open(s, dir, seed)
	if err != nil {
		return nil, err
	}
	u, err := universe(7)
	if err != nil {
		return nil, err
	}
	site.Receive(manyReports(u))
	return site, site.Freeze()
}

// manyReports is a body of which much is shown.
func manyReports(u *release.Universe) []release.Item {
	items := body(random(3), u, 600)
	for slot := 0; slot < u.Slots(); slot += 10 {
		items = append(items, reports(u.Cell8(slot), half.From(), slot%60)...)
		items = append(items, reports(u.Cell8(slot), half.Next().From(), slot%40)...)
	}
	return items
}

func floors(t *trial) (string, error) {
	if err := t.s.Policy.Check(); err != nil {
		return "the policy is refused", err
	}
	u, err := universe(60)
	if err != nil {
		return "", err
	}
	least, r := t.s.Policy.ShownFrom.HalfYear, random(5)
	shown := 0
	for draw := range t.Draws {
		var items []release.Item
		for slot := range u.Slots() {
			items = append(items, reports(u.Cell8(slot), half.From(), r.IntN(8)*r.IntN(8))...)
		}
		truth := t.s.Count(u, t.s.Policy, half, items)
		n := t.s.Noise(u, t.s.Policy, release.TestKey(uint64(draw)), half, truth, nil)
		if len(n.L8.Values) != u.Slots() || len(n.L6.Values) != 3*u.Parents() {
			return "", errors.New("a block lacks cells of the universe")
		}
		d := release.Derive(u, t.s.frozen(half, n))
		at := map[h3.Cell]uint32{}
		for _, c := range d.Cells[8] {
			at[c.Cell] = c.Count
		}
		for slot, noisy := range n.L8.Values {
			want := uint32(0)
			if truth.L8[slot] >= 5 && noisy >= int64(least.Res8) {
				want = uint32((noisy + 2) / 5 * 5)
			}
			if at[u.Cell8(slot)] != want {
				return "", fmt.Errorf("%v shows %d, expected %d", u.Cell8(slot), at[u.Cell8(slot)], want)
			}
			if want > 0 {
				shown++
			}
		}
	}
	if shown == 0 {
		return "", errors.New("nothing was shown")
	}
	return fmt.Sprintf("%d numbers shown", shown), nil
}

func sensitivity(t *trial) (string, error) {
	u, err := universe(3)
	if err != nil {
		return "", err
	}
	r := random(11)
	moved := 0
	for range t.Cases {
		with := body(r, u, 1+r.IntN(40))
		at := r.IntN(len(with))
		without := slices.Delete(slices.Clone(with), at, at+1)
		a, b := t.s.Count(u, t.s.Policy, half, without), t.s.Count(u, t.s.Policy, half, with)
		l8, w8 := changes(a.L8, b.L8)
		l6, w6 := changes(flat(a.L6), flat(b.L6))
		lf, wf := changes(flat(a.LF), flat(b.LF))
		if l8 > 1 || l6 > 1 || lf > t.s.Policy.FactorsPerReport || max(w8, w6, wf) > 1 {
			return "", fmt.Errorf("one report moves %d L8 (by up to %d), %d L6 (%d) and %d LF (%d) counts", l8, w8, l6, w6, lf, wf)
		}
		moved += l8
	}
	if moved == 0 {
		return "", errors.New("no report moved anything")
	}
	return fmt.Sprintf("%d cases, %d moved a count, never more", t.Cases, moved), nil
}

func flat[A ~[]E, E [3]int32 | [12]int32](rows A) []int32 {
	var out []int32
	for _, r := range rows {
		switch r := any(r).(type) {
		case [3]int32:
			out = append(out, r[:]...)
		case [12]int32:
			out = append(out, r[:]...)
		}
	}
	return out
}

func changes(a, b []int32) (n int, most int32) {
	for i := range a {
		if d := a[i] - b[i]; d != 0 {
			n++
			most = max(most, d, -d)
		}
	}
	return n, most
}

func freezing(t *trial) (string, error) {
	site, err := openFilled(t.s, t.dir, 1)
	if err != nil {
		return "", err
	}
	first, err := site.Read()
	if err != nil {
		return "", err
	}
	u, err := universe(7)
	if err != nil {
		return "", err
	}
	taken := manyReports(u)[:50]
	for i := range taken {
		taken[i].Weight = -1
	}
	for _, late := range [][]release.Item{reports(u.Cell8(0), half.From()+90, 40), taken} {
		site.Receive(late)
		if err := site.Freeze(); err != nil && !errors.Is(err, release.ErrFrozen) {
			return "", err
		}
		if again, err := site.Read(); err != nil || again != first {
			return "", errors.Join(err, errors.New("a frozen release changed"))
		}
	}
	if site, err = site.Restart(); err != nil {
		return "", err
	}
	again, err := site.Read()
	if err == nil && again != first {
		err = errors.New("a restart changed a frozen release")
	}
	return "hash unchanged", err
}

func replicas(t *trial) (string, error) {
	u, err := universe(7)
	if err != nil {
		return "", err
	}
	var hashes [2]string
	for i := range hashes {
		site, err := t.s.Open(t.s, fmt.Sprintf("%s/%d", t.dir, i), 5)
		if err != nil {
			return "", err
		}
		items := manyReports(u)
		if i == 1 {
			slices.Reverse(items)
		}
		site.Receive(items)
		if err := site.Freeze(); err != nil {
			return "", err
		}
		for range 2 { // twice: it must not depend on how often somebody looked
			if hashes[i], err = site.Read(); err != nil {
				return "", err
			}
		}
		again, err := site.Read()
		if err != nil || again != hashes[i] {
			return "", errors.Join(err, errors.New("two readers get different bytes"))
		}
	}
	if hashes[0] != hashes[1] {
		return "", errors.New("two replicas publish different bytes")
	}
	return "equal", nil
}

func ancestors(t *trial) (string, error) {
	u, err := universe(7)
	if err != nil {
		return "", err
	}
	r := random(17)
	n := max(t.Cases/10, 1)
	for range n {
		fine, err := h3.ChildPosToCell(r.IntN(343), u.Cell8(r.IntN(u.Slots())), report.Resolution)
		if err != nil {
			return "", err
		}
		it := reports(fine, half.From(), 1)
		truth := t.s.Count(u, t.s.Policy, half, it)
		for res, found := range map[int]h3.Cell{8: onlyCell8(u, truth), 6: onlyCell6(u, truth)} {
			want, err := fine.Parent(res)
			if err != nil || want != found {
				return "", errors.Join(err, fmt.Errorf("a report in %v counts at resolution %d in %v, not in its ancestor %v", fine, res, found, want))
			}
		}
	}
	return fmt.Sprintf("%d positions", n), nil
}

func onlyCell8(u *release.Universe, t *release.Truth) (found h3.Cell) {
	for i, n := range t.L8 {
		if n == 1 && found == 0 {
			found = u.Cell8(i)
		} else if n != 0 {
			return 0
		}
	}
	return found
}

func onlyCell6(u *release.Universe, t *release.Truth) (found h3.Cell) {
	for i, row := range t.L6 {
		if row == [3]int32{1, 0, 0} && found == 0 {
			found, _ = u.Cell8(i * 49).Parent(6) // zero, no cell, when it fails
		} else if row != [3]int32{} {
			return 0
		}
	}
	return found
}

func beforeAfter(t *trial) (string, error) {
	site, err := openFilled(t.s, t.dir, 1)
	if err != nil {
		return "", err
	}
	before, err := crawl(site)
	if err != nil {
		return "", err
	}
	u, err := universe(7)
	if err != nil {
		return "", err
	}
	site.Receive(reports(u.Cell8(0), half.From(), 1))
	after, err := crawl(site)
	if err == nil && before != after {
		err = errors.New("a report changed something public")
	}
	return "identical", err
}

// errNotHere is an attack that a subject does not offer.
var errNotHere = errors.New("does not apply")

func onePublicAnswer(t *trial) (string, error) {
	site, err := openFilled(t.s, t.dir, 1)
	if err != nil {
		return "", err
	}
	v, ok := site.(*vaultSite)
	if !ok {
		return "", errNotHere
	}
	return fuzzPaths(context.Background(), v.publicDir(), t.Cases)
}
