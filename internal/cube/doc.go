// Package cube is the in-memory index of all reports: it answers how many
// reports each H3 cell has under any filter, exactly, fast enough to draw tiles
// while somebody pans.
//
// # Words
//
// A Snapshot is one immutable view of the index. A Cube owns the current one and
// replaces it when a batch arrives; readers keep the snapshot they took, so
// nothing ever waits.
//
// A snapshot is cut into shards, one for each cell of resolution 3 with reports
// in it. Every cell of the resolutions 3 to 11, the levels, lies in one shard.
// In a shard, a cell is known by its key, the digits of its H3 index below the
// shard's. Sorted by key, the descendants of any cell stand in one run, at every
// level: what a tile shows is a few runs, found by going down from the shard.
//
// A shard is a list of parts: a main one and, after batches, small ones, whose
// counts are added; a part with retractions is subtracted. A merge in the
// background makes them one again, level by level.
//
// A part has a tree and, for each level, rows. The tree holds the cells: keys,
// outlines in world coordinates, what they contain, and the generation that
// changed them last. The rows of a level are all its reports, sorted by cell and
// day, as bit planes: one bit a row for each factor, daypart, answer to "dark"
// and weekday. A window is two look-ups of positions; a filter is a few word
// operations for 64 rows; a filter on one plane is two look-ups in a directory
// of counts, however many rows lie between.
//
// Where a cell holds very many rows, ladders have cumulative counts of filters on
// several groups of planes, so that what a cell costs stops growing with its
// reports. See planes, plan and ladder.
//
// The same reports in nine orders sounds like much, and is: 50 bytes a report,
// for 10 million reports over 24 months in Great Britain. In exchange no question
// of a map is answered by more than a few cache lines a cell.
//
// # Files
//
// Snapshot.WriteFile and ReadFile keep a snapshot over a restart. Columns in a
// file are as they are in memory. A file is believed only when every sum agrees,
// and of any other the caller is told why; the store has everything that is in
// it.
//
// # Memory
//
// Columns hold no pointers, so the garbage collector does not look into them, and
// a small GOGC, such as 20, costs next to nothing and keeps the process within
// 1.3 times the cube.
package cube
