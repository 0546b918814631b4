package release

import (
	"bytes"
	_ "embed" // the law in numbers
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

//go:embed policy.json
var defaultPolicy []byte

// Layer names a kind of block. Blocks of one layer have the same cells and the
// same noise.
type Layer string

// The layers.
const (
	L8 Layer = "L8" // resolution 8 by half-year
	L6 Layer = "L6" // resolution 6 by half-year and theme
	LF Layer = "LF" // police force by calendar year and factor
)

// Layers lists the layers in the order in which they are built.
func Layers() []Layer { return []Layer{L8, L6, LF} }

// Policy holds every number that the safety of a release hangs on. A policy is
// fixed for a block when the block is frozen.
type Policy struct {
	Version          int              `json:"version"`
	Floor            int              `json:"floor"`                  // k: fewer true reports are never shown
	Rounding         int              `json:"rounding"`               // shown values are multiples of it
	WaitDays         int              `json:"wait_days"`              // from the end of a half-year to its freeze
	Cap              int              `json:"cap_per_cell_day_theme"` // most that count of one resolution-8 cell, day and theme
	FactorsPerReport int              `json:"factors_per_report"`     // most factors of one report that LF counts
	TotalEpsilon     string           `json:"total_epsilon"`          // most that all blocks spend on one report, a fraction
	Epsilon          map[Layer]string `json:"epsilon"`                // what a layer spends on one report, a fraction
	MostAtFloor      float64          `json:"most_shown_at_floor"`    // most that P(shown | exactly Floor) may be
	LeastDeviations  float64          `json:"least_deviations"`       // standard deviations that thresholds stand above Floor
	ShownFrom        Thresholds       `json:"shown_from"`
}

// Thresholds are the least noisy counts that are shown.
type Thresholds struct {
	HalfYear        CellThresholds `json:"half_year"`
	TwelveMonths    CellThresholds `json:"twelve_months"`
	ForceYearFactor int            `json:"force_year_factor"`
}

// CellThresholds are the least noisy counts for cells of one kind of period.
type CellThresholds struct {
	Res8    int `json:"res8"`
	Res7    int `json:"res7"`
	Res6    int `json:"res6"`
	Res6Two int `json:"res6_two_themes"`
	Res6One int `json:"res6_one_theme"`
	Res5    int `json:"res5"`
	Res5Two int `json:"res5_two_themes"`
	Res5One int `json:"res5_one_theme"`
}

// DefaultPolicy returns the policy that StreetSafe is delivered with.
func DefaultPolicy() Policy {
	p, err := ParsePolicy(defaultPolicy)
	if err != nil {
		panic(err) // the embedded file, which the tests read
	}
	return p
}

// ParsePolicy reads a policy file and refuses one that is not safe.
func ParsePolicy(b []byte) (Policy, error) {
	var p Policy
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("release policy: %w", err)
	}
	return p, p.Check()
}

// Level is one kind of value that a release shows, with what its safety
// depends on.
type Level struct {
	Name      string
	Layer     Layer
	Atoms     int // noisy values that are summed
	Threshold int // least noisy sum that is shown
	Most      int // largest true sum of which the floor may still hang on one report
}

// Levels lists every kind of value that is ever shown.
func (p Policy) Levels() []Level {
	levels := []Level{{"force, year, factor", LF, 1, p.ShownFrom.ForceYearFactor, p.Floor}}
	for _, of := range []struct {
		name   string
		blocks int
		t      CellThresholds
	}{{"half-year", 1, p.ShownFrom.HalfYear}, {"twelve months", 2, p.ShownFrom.TwelveMonths}} {
		n := of.blocks
		// Twelve months are shown when a half has reached the floor. The last report
		// decides when one half has Floor with it and the others one less each.
		most := p.Floor + (n-1)*(p.Floor-1)
		levels = append(levels,
			Level{"resolution 8, " + of.name, L8, n, of.t.Res8, most},
			Level{"resolution 7, " + of.name, L8, 7 * n, of.t.Res7, most},
			Level{"resolution 6, " + of.name, L6, 3 * n, of.t.Res6, most},
			Level{"resolution 6, two themes, " + of.name, L6, 2 * n, of.t.Res6Two, most},
			Level{"resolution 6, one theme, " + of.name, L6, n, of.t.Res6One, most},
			Level{"resolution 5, " + of.name, L6, 21 * n, of.t.Res5, most},
			Level{"resolution 5, two themes, " + of.name, L6, 14 * n, of.t.Res5Two, most},
			Level{"resolution 5, one theme, " + of.name, L6, 7 * n, of.t.Res5One, most})
	}
	return levels
}

// Check says why a policy is not safe, or nil.
func (p Policy) Check() error {
	var errs []error
	fail := func(format string, a ...any) { errs = append(errs, fmt.Errorf("release policy: "+format, a...)) }
	if p.Version != 1 {
		fail("version %d: this program knows version 1", p.Version)
	}
	if p.Floor < 5 || p.Rounding < 5 || p.WaitDays < 60 || p.Cap < 1 || p.FactorsPerReport < 1 {
		fail("floor and rounding must be 5 or more, wait_days 60 or more, the caps 1 or more")
	}
	if p.MostAtFloor <= 0 || p.MostAtFloor > 0.01 || p.LeastDeviations < 3 {
		fail("most_shown_at_floor must be above 0 and at most 0.01, least_deviations 3 or more")
	}
	if err := p.checkBudget(); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		for _, l := range p.Levels() {
			if err := p.checkLevel(l); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// Safety is what a threshold is worth.
type Safety struct {
	Deviation  float64 // of the noise of the shown value
	Deviations float64 // that the threshold stands above the floor
	AtFloor    float64 // P(shown | the floor hangs on one report)
}

// Safety computes what a level's threshold is worth under the policy.
func (p Policy) Safety(l Level) Safety {
	eps := p.atomEpsilon(l.Layer)
	sd := noiseDeviation(eps, l.Atoms)
	return Safety{sd, float64(l.Threshold-l.Most) / sd, NoiseTail(eps, l.Atoms, l.Threshold-l.Most)}
}

func (p Policy) checkLevel(l Level) error {
	s := p.Safety(l)
	switch {
	case s.Deviations < p.LeastDeviations:
		return fmt.Errorf("release policy: %s: threshold %d stands %.2f standard deviations of the noise above %d, expected %.1f or more: with fewer, made-up reports show whether one more was there",
			l.Name, l.Threshold, s.Deviations, l.Most, p.LeastDeviations)
	case s.AtFloor > p.MostAtFloor:
		return fmt.Errorf("release policy: %s: threshold %d shows a cell of exactly %d reports with probability %.4f, expected %.4f or less",
			l.Name, l.Threshold, l.Most, s.AtFloor, p.MostAtFloor)
	}
	return nil
}

func (p Policy) checkBudget() error {
	total, err := parseFraction(p.TotalEpsilon)
	if err != nil {
		return err
	}
	if total.Cmp(big.NewRat(1, 1)) > 0 {
		return fmt.Errorf("release policy: total_epsilon %s: expected at most 1", p.TotalEpsilon)
	}
	sum := new(big.Rat)
	for _, l := range Layers() {
		e, err := parseFraction(p.Epsilon[l])
		if err != nil {
			return fmt.Errorf("%s: %w", l, err)
		}
		sum.Add(sum, e)
	}
	if len(p.Epsilon) != len(Layers()) || sum.Cmp(total) > 0 {
		return fmt.Errorf("release policy: the layers spend %s on a report, of %s in all", sum.RatString(), p.TotalEpsilon)
	}
	return nil
}

func parseFraction(s string) (*big.Rat, error) {
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 || r.Num().BitLen() > 16 || r.Denom().BitLen() > 16 {
		return nil, fmt.Errorf("release policy: %q is not a fraction above 0 such as 3/5", s)
	}
	return r, nil
}

// fraction is the epsilon of one noisy value of a layer, as num/den. A report
// is in one value of L8 and L6, and in up to FactorsPerReport values of LF,
// which share that layer's epsilon.
func (p Policy) fraction(l Layer) (num, den uint64) {
	r, err := parseFraction(p.Epsilon[l])
	if err != nil {
		panic(err) // a policy is checked where it comes in
	}
	if l == LF {
		r.Quo(r, big.NewRat(int64(p.FactorsPerReport), 1))
	}
	return r.Num().Uint64(), r.Denom().Uint64()
}

func (p Policy) atomEpsilon(l Layer) float64 {
	num, den := p.fraction(l)
	return float64(num) / float64(den)
}
