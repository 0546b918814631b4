package release_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/release"
)

// built makes the releases of a year.
func built(t *testing.T, dir string, list []release.Item) *release.Builder {
	t.Helper()
	b := builder(t, dir, body(list), nil)
	if err := b.Build(t.Context(), h1, h2); err != nil {
		t.Fatal(err)
	}
	return b
}

// T1 and T2 by hand: everything shown at every resolution, from the noisy blocks
// and floor bits, by maps and H3's own parents.
func TestDerive_oracle(t *testing.T) {
	u := croydon(t)
	b := built(t, t.TempDir(), items(t, 8000, 1))
	var parts []release.Frozen
	for _, h := range []release.HalfYear{h1, h2} {
		f, err := b.Vault.Load(h, u)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, f)
	}
	p := b.Policy
	year, err := release.DeriveTwelveMonths(u, parts[0], parts[1])
	if err != nil {
		t.Fatal(err)
	}
	checkDerived(t, u, release.Derive(u, parts[0]), p.ShownFrom.HalfYear, parts[:1], items(t, 8000, 1))
	checkDerived(t, u, release.Derive(u, parts[1]), p.ShownFrom.HalfYear, parts[1:], items(t, 8000, 1))
	checkDerived(t, u, year, p.ShownFrom.TwelveMonths, parts, items(t, 8000, 1))
	if _, err := release.DeriveTwelveMonths(u, parts[1], parts[0]); err == nil {
		t.Error("the halves of a year were taken the wrong way round")
	}
}

func checkDerived(t *testing.T, u *release.Universe, d release.Dataset, least release.CellThresholds, parts []release.Frozen, list []release.Item) {
	t.Helper()
	type sums struct {
		noisy [3]int64 // themes; at resolutions 8 and 7 the first only
		floor []bool   // some half reached the floor, by sum of themes
	}
	at := map[h3.Cell]*sums{}
	sum := func(c h3.Cell, res int) *sums {
		p, err := c.Parent(res)
		if err != nil {
			t.Fatal(err)
		}
		if at[p] == nil {
			at[p] = &sums{floor: make([]bool, 6)}
		}
		return at[p]
	}
	themes := [6][]int{{0, 1, 2}, {0, 2}, {1, 2}, {0}, {1}, {2}}
	for _, f := range parts {
		l8, l6 := naive(t, u, f.Half, list)
		truth := map[h3.Cell]int{}
		for slot, v := range f.L8.Values {
			c := u.Cell8(slot)
			sum(c, 8).noisy[0] += v
			sum(c, 7).noisy[0] += v
			for _, res := range []int{8, 7} {
				p, _ := c.Parent(res) // sum has looked at the error
				truth[p] += l8[c]
			}
		}
		for c, n := range truth {
			at[c].floor[0] = at[c].floor[0] || n >= 5
		}
		coarse := map[h3.Cell][3]int{}
		for i, v := range f.L6.Values {
			c := u.Cell8(i / 3 * 49)
			sum(c, 6).noisy[i%3] += v
			sum(c, 5).noisy[i%3] += v
			for _, res := range []int{6, 5} {
				six, _ := c.Parent(6)
				p, _ := c.Parent(res)
				row := coarse[p]
				row[i%3] += l6[six][i%3]
				coarse[p] = row
			}
		}
		for c, row := range coarse {
			for j, set := range themes {
				n := 0
				for _, th := range set {
					n += row[th]
				}
				at[c].floor[j] = at[c].floor[j] || n >= 5
			}
		}
	}
	thresholds := map[int][6]int{8: {least.Res8}, 7: {least.Res7},
		6: {least.Res6, least.Res6Two, least.Res6Two, least.Res6One, least.Res6One, least.Res6One},
		5: {least.Res5, least.Res5Two, least.Res5Two, least.Res5One, least.Res5One, least.Res5One}}
	want := map[h3.Cell]release.Cell{}
	for c, s := range at {
		out := release.Cell{Cell: c}
		for j, set := range themes {
			if c.Resolution() > 6 && j > 0 {
				break
			}
			noisy := int64(0)
			for _, th := range set {
				noisy += s.noisy[th]
			}
			n := uint32(0)
			if s.floor[j] && noisy >= int64(thresholds[c.Resolution()][j]) {
				n = uint32((noisy + 2) / 5 * 5)
			}
			if j == 0 {
				out.Count = n
			} else {
				out.Columns[j-1] = n
			}
		}
		if out.Count > 0 {
			want[c] = out
		}
	}
	got := 0
	for res, cells := range d.Cells {
		if !slices.IsSortedFunc(cells, func(a, b release.Cell) int { return int(a.Cell>>1) - int(b.Cell>>1) }) {
			t.Errorf("%s: resolution %d is not in order", d.ID, res)
		}
		for _, c := range cells {
			got++
			if want[c.Cell] != c {
				t.Fatalf("%s: %v shows %+v, by hand %+v", d.ID, c.Cell, c, want[c.Cell])
			}
		}
		if len(cells) == 0 {
			t.Errorf("%s: nothing is shown at resolution %d: the test shows nothing", d.ID, res)
		}
	}
	if got != len(want) {
		t.Errorf("%s shows %d cells, by hand %d", d.ID, got, len(want))
	}
}

func TestVerifyPublic_wholeAndRebuilt(t *testing.T) {
	dir := t.TempDir()
	b := built(t, dir, items(t, 8000, 1))
	checks, err := release.VerifyPublic(dir + "/public")
	if err != nil {
		t.Fatal(err)
	}
	rebuilt, err := b.VerifyRebuilt()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(checks, rebuilt...) {
		if c.Err != nil {
			t.Errorf("%s: %s: %v", c.Release, c.What, c.Err)
		}
	}
	if len(checks) != 15 || len(rebuilt) != 3 {
		t.Errorf("%d and %d checks were made", len(checks), len(rebuilt))
	}
}

// Whatever is changed in the published files is seen.
func TestVerifyPublic_seesChanges(t *testing.T) {
	dir := t.TempDir()
	b := built(t, dir, items(t, 5000, 1))
	public := filepath.Join(dir, "public")
	tests := map[string]func() error{
		"a number":    func() error { return replace(filepath.Join(public, "2025-H1/cells.csv"), ",15,", ",20,") },
		"a tile":      func() error { return replace(firstTile(t, public), "count", "cound") },
		"a file more": func() error { return os.WriteFile(filepath.Join(public, "2025-H1/truth.csv"), []byte("x"), 0o600) },
		"a file less": func() error { return os.Remove(filepath.Join(public, "2025-H2/forces.csv")) },
		"the manifest": func() error {
			return replace(filepath.Join(public, "2025-H1/manifest.json"), `"synthetic": true`, `"synthetic": false`)
		},
		"the archive":   func() error { return replace(filepath.Join(public, "2025-H2-12m/tiles.pmtiles"), "PMTiles", "PMTilez") },
		"a small count": func() error { return shrink(public) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			if err := os.RemoveAll(public); err != nil {
				t.Fatal(err)
			}
			if err := b.Publish(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := change(); err != nil {
				t.Fatal(err)
			}
			checks, err := release.VerifyPublic(public)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(checks, func(c release.Check) bool { return c.Err != nil }) {
				t.Error("the change was not seen")
			}
		})
	}
}

func replace(file, old, with string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Contains(b, []byte(old)) {
		return os.ErrInvalid
	}
	return os.WriteFile(file, bytes.Replace(b, []byte(old), []byte(with), 1), 0o600)
}

// shrink writes a number below the threshold and puts all hashes right, as a
// careless or malicious operator could.
func shrink(public string) error {
	file := filepath.Join(public, "2025-H1/cells.csv")
	if err := replace(file, ",15,", ",10,"); err != nil {
		return err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	manifest := filepath.Join(public, "2025-H1/manifest.json")
	var m map[string]any
	raw, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	for _, f := range m["files"].([]any) {
		if f := f.(map[string]any); f["path"] == "cells.csv" {
			f["sha256"] = sha(b)
		}
	}
	if raw, err = json.Marshal(m); err != nil {
		return err
	}
	if err := os.WriteFile(manifest, raw, 0o600); err != nil {
		return err
	}
	index := filepath.Join(public, "manifest.json")
	if raw, err = os.ReadFile(index); err != nil {
		return err
	}
	var i map[string]any
	if err := json.Unmarshal(raw, &i); err != nil {
		return err
	}
	after, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	i["releases"].([]any)[0].(map[string]any)["sha256"] = sha(after)
	if raw, err = json.Marshal(i); err != nil {
		return err
	}
	return os.WriteFile(index, raw, 0o600)
}

func firstTile(t *testing.T, public string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(public, "2025-H1/12/*/*.mvt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no tile: %v", err)
	}
	return names[0]
}

// T9: the same blocks give the same bytes, and reports in another order the
// same blocks.
func TestPublish_deterministic(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir()}
	list := items(t, 5000, 1)
	built(t, dirs[0], list)
	slices.Reverse(list)
	built(t, dirs[1], list)
	want := tree(t, dirs[0]+"/public")
	got := tree(t, dirs[1]+"/public")
	if len(want) < 50 {
		t.Fatalf("only %d files", len(want))
	}
	for name, b := range want {
		if !bytes.Equal(got[name], b) {
			t.Errorf("%s differs", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, not %d", len(got), len(want))
	}
}

// A published release is left alone, and another one under its name refused.
func TestPublish_neverChanges(t *testing.T) {
	dir := t.TempDir()
	b := built(t, dir, items(t, 2000, 1))
	before := tree(t, dir+"/public")
	if err := b.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, now := range tree(t, dir+"/public") {
		if !bytes.Equal(now, before[name]) {
			t.Errorf("%s changed", name)
		}
	}
	other := t.TempDir()
	c := builder(t, other, body(items(t, 2000, 2)), func(o *release.Options) { o.PublicDir = dir + "/public" })
	if err := c.Build(t.Context(), h1); err == nil {
		t.Error("another release took the place of a published one")
	}
}

// What a spreadsheet or a map would be misled by.
func TestPublish_content(t *testing.T) {
	dir := t.TempDir()
	built(t, dir, items(t, 8000, 1))
	files := tree(t, dir+"/public")
	rows, err := csv.NewReader(bytes.NewReader(files["2025-H2/forces.csv"])).ReadAll()
	if err != nil || len(rows) < 10 {
		t.Fatalf("forces.csv has %d rows, %v", len(rows), err)
	}
	for _, r := range rows[1:] {
		if r[2] != "West, with a comma" && r[2] != "'=East" {
			t.Errorf("force %q could run as a formula or was cut", r[2])
		}
		if n, err := strconv.Atoi(r[5]); err != nil || n < 130 || n%5 != 0 || r[0] != "2025" || r[6] != "true" {
			t.Errorf("row %v", r)
		}
	}
	if files["2025-H1/forces.csv"] != nil || files["2025-H2-12m/forces.csv"] != nil {
		t.Error("the yearly table is published more than once")
	}
	for _, id := range []string{"2025-H1", "2025-H2", "2025-H2-12m"} {
		for _, name := range []string{"/method.txt", "/manifest.json", "/res8.geojson", "/cells.csv", "/tiles.pmtiles"} {
			if files[id+name] == nil {
				t.Errorf("%s%s is missing", id, name)
			}
		}
		note := string(files[id+"/method.txt"])
		for _, w := range []string{"MADE UP", "not for each person", "not a safe place", "<no value>"} {
			if strings.Contains(note, w) == (w == "<no value>") {
				t.Errorf("%s/method.txt: %q", id, w)
			}
		}
		if !bytes.HasPrefix(files[id+"/res8.geojson"], []byte(`{"type":"FeatureCollection","synthetic":true,`)) {
			t.Errorf("%s/res8.geojson does not say that it is made up", id)
		}
	}
}

// Nothing that is exact gets out: neither the hashes of the blocks, which would
// let somebody test guesses at the floor bits, nor their salt, nor a total.
func TestPublish_keepsSecrets(t *testing.T) {
	dir := t.TempDir()
	b := built(t, dir, items(t, 2000, 1))
	for _, h := range []release.HalfYear{h1, h2} {
		f, err := b.Vault.Load(h, croydon(t))
		if err != nil {
			t.Fatal(err)
		}
		secrets := []string{f.Commit.Nonce}
		for _, r := range f.Commit.Blocks {
			secrets = append(secrets, r.SHA256)
		}
		for name, content := range tree(t, dir+"/public") {
			for _, s := range secrets {
				if bytes.Contains(content, []byte(s)) {
					t.Errorf("%s has a secret of %v", name, h)
				}
			}
		}
	}
}
