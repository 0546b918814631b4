// Package analysis answers what a map of counts cannot: which places stand out,
// which are changing, whether an action made a difference, and whether there are
// too few reports to tell.
//
// Everything is computed from counts per H3 cell, taken from a cube.Snapshot or
// given as a map. Nothing depends on the clock, on chance or on the order of a
// map: the same counts give the same answer on every replica.
//
// # What the numbers can and cannot say
//
// A count is of reports, not of danger: more people walking past, or more people
// who know of the form, raise it too. So places are compared with themselves, with
// their neighbours over the same days, or with a denominator, and each comparison
// has an interval. A Verdict is drawn from the interval and the false discovery
// rate over all places asked about together, never from one number, and TooFew is
// one of its values. Absence of reports is never taken for safety: nothing here
// lists "cold" places.
//
// Intervals take reports as independent (Poisson), widened by an estimate of
// over-dispersion where there is data to estimate it from.
package analysis
