// Package public serves the files of releases and nothing else. It links no
// database, knows no report, and gives one answer to every request that is not
// for a published file.
package public

// ManifestFile is the name of the list of releases, and of the list of files in
// each release.
const ManifestFile = "manifest.json"

// CatalogFile is the name of the catalogue beside the releases, in the words of
// DCAT. A directory that was published before there was one does without.
const CatalogFile = "catalog.jsonld"

// Index is the manifest.json beside the releases.
type Index struct {
	Format    int       `json:"format"`
	Guarantee string    `json:"guarantee"`
	Absence   string    `json:"absence"`
	Synthetic bool      `json:"synthetic"` // some release shows made-up reports
	Releases  []Release `json:"releases"`
}

// Release is one line of an Index.
type Release struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"` // half-year or twelve-months
	From      string `json:"from"` // first day of receipt, YYYY-MM-DD
	To        string `json:"to"`   // day after the last one
	Synthetic bool   `json:"synthetic"`
	Manifest  string `json:"manifest"` // path of its manifest
	SHA256    string `json:"sha256"`   // of its manifest
}

// Manifest is what serving needs of a release's manifest.json.
type Manifest struct {
	Format  int    `json:"format"`
	Release string `json:"release"`
	Files   []File `json:"files"`
}

// File is one published file.
type File struct {
	Path   string `json:"path"` // below the release
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}
