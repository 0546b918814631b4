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
