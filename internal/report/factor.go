package report

import (
	"fmt"
	"math/bits"
	"strings"
)

// Group tells what a factor is about.
type Group uint8

// The two groups of factors.
const (
	Environmental Group = iota
	Behavioural
)

// Groups lists the groups in the order in which forms and panels show them.
func Groups() []Group { return []Group{Environmental, Behavioural} }

// ID returns the stable name used in URLs and files.
func (g Group) ID() string {
	if g == Behavioural {
		return "behavioural"
	}
	return "environmental"
}

// Label returns the wording of the public form.
func (g Group) Label() string {
	if g == Behavioural {
		return "Behavioural (related to people)"
	}
	return "Environmental (related to places/locations)"
}

// Factor is one reason for feeling unsafe. Its value is the bit it takes in
// Factors; stores and snapshot files hold these bits, so the order is frozen.
type Factor uint8

// The twelve factors.
const (
	NoCCTV Factor = iota
	BadlyLit
	Isolated
	PoorLayout
	RestrictedVisibility
	Rundown
	DrugsAlcohol
	OtherEnvironmental
	VerbalSingle
	VerbalGroup
	Followed
	OtherHarassment

	// NumFactors is the number of factors.
	NumFactors = 12
)

var factorNames = [NumFactors]struct {
	id, label, short string
}{
	NoCCTV:               {"no_cctv", "Absence of CCTV", "No CCTV"},
	BadlyLit:             {"badly_lit", "Badly lit e.g. poor or no street lighting", "Badly lit"},
	Isolated:             {"isolated", "Empty buildings or isolated places", "Isolated"},
	PoorLayout:           {"poor_layout", "Poor street layout e.g. blind spots and hidden areas", "Poor layout"},
	RestrictedVisibility: {"restricted_visibility", "Restricted visibility e.g. overgrown bushes and trees, walls", "Restricted visibility"},
	Rundown:              {"rundown", "Rundown e.g. derelict buildings, abandoned cars, graffiti, fly-tipping etc.", "Rundown"},
	DrugsAlcohol:         {"drugs_alcohol", "Signs of drug or alcohol use", "Drugs or alcohol"},
	OtherEnvironmental:   {"other_environmental", "Other", "Other environmental"},
	VerbalSingle:         {"verbal_single", "Verbal harassment from / by a single stranger", "Harassed by one stranger"},
	VerbalGroup:          {"verbal_group", "Verbal harassment from / by a group of people", "Harassed by a group"},
	Followed:             {"followed", "Feeling like you are being followed / have previously been followed", "Followed"},
	OtherHarassment:      {"other_harassment", "Other forms of harassment", "Other harassment"},
}

// AllFactorsList returns every factor in bit order.
func AllFactorsList() []Factor { return AllFactors.List() }

// ID returns the stable name used in URLs and files, such as "badly_lit".
func (f Factor) ID() string { return factorNames[f].id }

// Label returns the wording of the public form.
func (f Factor) Label() string { return factorNames[f].label }

// Short returns a label of a few words, for chips and table heads.
func (f Factor) Short() string { return factorNames[f].short }

// Group returns the group that the form shows the factor in.
func (f Factor) Group() Group {
	if f >= VerbalSingle {
		return Behavioural
	}
	return Environmental
}

// ParseFactor turns an identifier such as "badly_lit" into its factor. Case
// and surrounding space do not matter; the form's full label is accepted too,
// except "Other", which only the group tells apart.
func ParseFactor(s string) (Factor, error) {
	s = strings.TrimSpace(s)
	for f := range Factor(NumFactors) {
		n := factorNames[f]
		if strings.EqualFold(s, n.id) || f != OtherEnvironmental && strings.EqualFold(s, n.label) {
			return f, nil
		}
	}
	return 0, fmt.Errorf("unknown factor %q: expected one of %s", s, AllFactors.join(", "))
}

// Factors is a set of factors, one bit each.
type Factors uint16

// AllFactors holds every factor.
const AllFactors Factors = 1<<NumFactors - 1

// EnvironmentalFactors and BehaviouralFactors hold the factors of one group.
const (
	EnvironmentalFactors Factors = 1<<VerbalSingle - 1
	BehaviouralFactors           = AllFactors &^ EnvironmentalFactors
)

// FactorSet returns the set of the given factors.
func FactorSet(fs ...Factor) Factors {
	var s Factors
	for _, f := range fs {
		s = s.With(f)
	}
	return s
}

// Has reports whether f is in the set.
func (s Factors) Has(f Factor) bool { return s&(1<<f) != 0 }

// With returns the set with f added.
func (s Factors) With(f Factor) Factors { return s | 1<<f }

// Len returns the number of factors in the set.
func (s Factors) Len() int { return bits.OnesCount16(uint16(s)) }

// List returns the factors of the set in bit order.
func (s Factors) List() []Factor {
	fs := make([]Factor, 0, s.Len())
	for f := range Factor(NumFactors) {
		if s.Has(f) {
			fs = append(fs, f)
		}
	}
	return fs
}

// IDs returns the identifiers of the set in bit order.
func (s Factors) IDs() []string {
	ids := make([]string, 0, s.Len())
	for _, f := range s.List() {
		ids = append(ids, f.ID())
	}
	return ids
}

// String returns the identifiers joined by "|", the form used in files.
func (s Factors) String() string { return s.join("|") }

func (s Factors) join(sep string) string { return strings.Join(s.IDs(), sep) }
