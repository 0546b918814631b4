// Package release makes the public data: frozen, disclosure-controlled counts
// of half-years, from which nobody can tell whether a certain person reported.
//
// The way of a report into the public map:
//
//	Source          hands over every report once
//	Tally.Truth     caps and counts: one value per block and cell
//	Freeze          adds exact discrete Laplace noise under a key that exists for
//	                this one moment, and keeps the noisy values and floor bits
//	Derive          sums upwards, applies floors, rounds to 5: what may be shown
//	Publish         writes immutable files: tiles, GeoJSON, CSV, manifest
//
// Everything after Freeze is a pure function of the frozen blocks. A block is
// made once and never again: a second draw of the noise would let an attacker
// average it away, and a second count under the same noise would show the
// difference.
//
// docs/PRIVACY.md says what this promises, and internal/release/attack tries to
// break it.
package release
