package release

import "github.com/uber/h3-go/v4"

// ForceOf is the police force, or other area of the yearly tables, in which a
// cell of resolution 8 or finer lies; ok is false outside the universe.
func (u *Universe) ForceOf(c h3.Cell) (f Force, ok bool) {
	slot, ok := u.Slot(c)
	if !ok {
		return Force{}, false
	}
	return u.forces[u.force[slot]], true
}
