package main

import (
	"os"
	"runtime/debug"
)

// garbagePercent is how much a serving process lets its heap grow before it
// collects. The cube is most of the heap and holds no pointers, so a collection
// costs little; with Go's default of 100 the process would take twice the cube.
// Measured with ten million reports: 1.3 times the cube, and no slower.
const garbagePercent = 25

// limitGarbage sets it, unless the operator has an opinion.
func limitGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
