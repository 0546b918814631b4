package analysis

import "github.com/uber/h3-go/v4"

// MaxRoute is how many places a walk may have.
const MaxRoute = 50

// Route is an order in which to visit places.
type Route struct {
	Order  []int   // numbers of the places
	Metres float64 // along great circles: streets are longer
}

// Walk finds a short way through places, from start if it is given, ending anywhere.
// It begins with the nearest place each time and then turns stretches round for as
// long as that shortens the way (2-opt: Croes 1958, Operations Research 6, 791-812).
// Without a start, each place is tried as the first. With a dozen places the way is
// within a few per cent of the shortest. Of more than MaxRoute places, the first are
// visited.
func Walk(places []h3.LatLng, start *h3.LatLng) Route {
	places = places[:min(len(places), MaxRoute)]
	w := newWalker(places, start)
	if len(places) == 0 {
		return Route{}
	}
	if start != nil {
		return w.from(w.nearest(w.home, nil))
	}
	best := w.from(0)
	for i := 1; i < len(places); i++ {
		if r := w.from(i); r.Metres < best.Metres*(1-shortens) {
			best = r
		}
	}
	return best
}

// shortens is the least share by which a way must become shorter, so that rounding
// never decides.
const shortens = 1e-9

// walker knows the distances; home is the number of the start, or -1.
type walker struct {
	metres [][]float64
	n      int
	home   int
}

func newWalker(places []h3.LatLng, start *h3.LatLng) *walker {
	w := &walker{n: len(places), home: -1}
	points := places
	if start != nil {
		w.home = w.n
		points = append(points[:w.n:w.n], *start)
	}
	w.metres = make([][]float64, len(points))
	for i, p := range points {
		w.metres[i] = make([]float64, len(points))
		for j := range i {
			w.metres[i][j] = h3.GreatCircleDistanceM(p, points[j])
			w.metres[j][i] = w.metres[i][j]
		}
	}
	return w
}

// nearest is the place nearest to another that is not visited yet.
func (w *walker) nearest(at int, visited []bool) int {
	best := -1
	for i := range w.n {
		if (visited == nil || !visited[i]) && (best < 0 || w.metres[at][i] < w.metres[at][best]) {
			best = i
		}
	}
	return best
}

// from is the way that 2-opt makes of the nearest neighbours from a first place.
func (w *walker) from(first int) Route {
	visited := make([]bool, w.n)
	order := []int{first}
	for visited[first] = true; len(order) < w.n; {
		next := w.nearest(order[len(order)-1], visited)
		visited[next] = true
		order = append(order, next)
	}
	for w.shorten(order) {
	}
	r := Route{Order: order}
	for i := range order {
		r.Metres += w.into(order, i)
	}
	return r
}

// into is the way to the i-th place from the one before: none to the first without a
// start.
func (w *walker) into(order []int, i int) float64 {
	if i > 0 {
		return w.metres[order[i-1]][order[i]]
	}
	if w.home >= 0 {
		return w.metres[w.home][order[0]]
	}
	return 0
}

// shorten turns round the first stretch that makes the way shorter.
func (w *walker) shorten(order []int) bool {
	for i := range order {
		for j := i + 1; j < len(order); j++ {
			old, turned := w.into(order, i), 0.0
			if before := w.before(order, i); before >= 0 {
				turned = w.metres[before][order[j]]
			}
			if j+1 < len(order) {
				old += w.metres[order[j]][order[j+1]]
				turned += w.metres[order[i]][order[j+1]]
			}
			if turned < old*(1-shortens) {
				for a, b := i, j; a < b; a, b = a+1, b-1 {
					order[a], order[b] = order[b], order[a]
				}
				return true
			}
		}
	}
	return false
}

func (w *walker) before(order []int, i int) int {
	if i > 0 {
		return order[i-1]
	}
	return w.home
}
