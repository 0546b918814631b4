// Package static holds the pages of StreetSafe and what they load: style
// sheets, ES modules, vendored libraries and the offline basemap. Tests,
// scripts and type declarations beside them are not part of the binary.
package static

import "embed"

// Files has the pages at its root (index.html, hub.html) and their parts under
// app, vendor and basemap, which the pages expect below /static/.
//
//go:embed index.html hub.html lighting.html
//go:embed app/*.js app/*.css app/*.svg
//go:embed vendor/*.js vendor/*.css vendor/LICENCES.txt
//go:embed basemap/*.json
var Files embed.FS

// PublicFiles are the parts of the public pages: their own under site, and what
// they share with the hub. The public server embeds these alone.
//
//go:embed site/*.js site/*.css
//go:embed app/api.js app/basemap.js app/decode.js app/dom.js app/geo.js app/hexinput.js app/hexlayer.js app/outline.js app/scale.js app/icon.svg
//go:embed vendor/leaflet.js vendor/leaflet.css vendor/mvt.js vendor/LICENCES.txt
//go:embed basemap/*.json
var PublicFiles embed.FS
