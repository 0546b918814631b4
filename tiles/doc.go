// Package tiles draws counts on the H3 grid as map tiles: which cells a tile
// shows, at which resolution, and their bytes as Mapbox Vector Tiles 2.1,
// GeoJSON (RFC 7946) and TileJSON 3.0.0.
//
// Everything is measured in world units: the Web Mercator square as integers,
// 1<<WorldBits on a side, X growing to the east and Y to the south. A corner of
// a cell is rounded to world units once and in one way, so that neighbours share
// it to the unit and no seam can open between them at any zoom. A cell that
// crosses the 180th meridian is kept in one piece: its X runs on past the
// world's right edge, and Touches and Encoder know that it is seen from both.
//
// A hexagon goes whole into every tile that it touches. Renderers clip; a tile
// that clipped would have seams, halves that cannot be clicked, and more bytes.
//
// The package depends on H3 only; orb is what its tests hold it to. It keeps no
// state between calls but what an Encoder or GeoJSONWriter holds.
package tiles
