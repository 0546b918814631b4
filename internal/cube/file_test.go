package cube_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/streetsafe/streetsafe/internal/cube"
)

const origin = "store-1"

// save writes a snapshot and returns the file's name.
func save(t testing.TB, s *cube.Snapshot) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cube.snapshot")
	if err := s.WriteFile(path, origin); err != nil {
		t.Fatal(err)
	}
	return path
}

func contents(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reload(t testing.TB, path string) *cube.Snapshot {
	t.Helper()
	s, err := cube.ReadFile(path, origin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadFile_RoundTrip(t *testing.T) {
	by := london(41)
	by.places = append(awkward(t), by.places...)
	for _, n := range []int{0, 1, 5000} {
		rs := by.reports(t, n)
		s := build(t, 7, rs)
		path := save(t, s)
		got := reload(t, path)
		if got.Generation() != 7 {
			t.Errorf("generation %d, want 7", got.Generation())
		}
		oracle(rs).check(t, got, by, 20)
		if again := save(t, got); !bytes.Equal(contents(t, path), contents(t, again)) {
			t.Errorf("%d reports: writing what was read gives another file", n)
		}
	}
}

// A snapshot with parts that nobody has merged yet is written as it is, and goes
// on from there.
func TestReadFile_Parts(t *testing.T) {
	by := london(42)
	first := by.reports(t, 3000)
	c := cube.New(build(t, 1, first))
	cube.Tune(c, 0, 0)
	var all oracle
	life(t, by, c, first, func(_ *cube.Snapshot, o oracle) { all = o })
	s := reload(t, save(t, c.Settled()))
	all.check(t, s, by, 20)
	c = cube.New(s)
	cube.Tune(c, 0, 1<<20)
	b := cube.Batch{Generation: 100, Add: by.reports(t, 50), Retract: all[:20]}
	if _, err := c.Apply(b); err != nil {
		t.Fatal(err)
	}
	all = append(all[20:], b.Add...)
	all.check(t, c.Settled(), by, 20)
}

// However batches came and were merged, the file is the same as that of a cube
// built at once: replicas have the same snapshot and the same answers.
func TestWriteFile_SameAfterMerges(t *testing.T) {
	by := london(43)
	first := by.reports(t, 3000)
	c := cube.New(build(t, 1, first))
	cube.Tune(c, 300, 1<<20)
	b := cube.NewBuilder()
	add := func(batch cube.Batch) {
		if err := b.Add(batch); err != nil {
			t.Fatal(err)
		}
	}
	add(cube.Batch{Generation: 1, Add: first})
	all := first
	for gen := uint64(2); gen < 12; gen++ {
		batch := cube.Batch{Generation: gen, Add: by.reports(t, 200), Retract: all[:50]}
		all = append(all[50:], batch.Add...)
		if _, err := c.Apply(batch); err != nil {
			t.Fatal(err)
		}
		add(batch)
	}
	// One batch to every shard leaves nothing unmerged.
	last := cube.Batch{Generation: 12}
	for range 4 {
		last.Add = append(last.Add, first...)
	}
	add(last)
	if _, err := c.Apply(last); err != nil {
		t.Fatal(err)
	}
	merged := c.Settled()
	if cube.Parts(merged) != cube.Shards(merged) {
		t.Fatalf("%d parts in %d shards", cube.Parts(merged), cube.Shards(merged))
	}
	built, err := b.Snapshot(12)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(contents(t, save(t, merged)), contents(t, save(t, built))) {
		t.Error("the merged and the built snapshot differ")
	}
}

func TestReadFile_Refuses(t *testing.T) {
	good := contents(t, save(t, build(t, 3, london(44).reports(t, 400))))
	dir := t.TempDir()
	read := func(b []byte, origin string) error {
		_, err := cube.ReadBytes(b, origin)
		return err
	}
	changed := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	for _, tt := range []struct {
		name   string
		file   []byte
		origin string
		want   error
	}{
		{"as it is", good, origin, nil},
		{"other store", good, "store-2", cube.ErrFileOrigin},
		{"empty", nil, origin, cube.ErrFileDamaged},
		{"another kind of file", []byte("PK\x03\x04 and a lot more that is no snapshot at all, really"), origin, cube.ErrFileDamaged},
		{"line ends changed", bytes.Replace(good, []byte("\r\n"), []byte("\n"), 1), origin, cube.ErrFileDamaged},
		{"older version", changed(8, 0, 0, 0, 0), origin, cube.ErrFileVersion},
		{"newer version", changed(8, 2, 0, 0, 0), origin, cube.ErrFileVersion},
		{"other byte order", changed(8, 0, 0, 0, 1), origin, cube.ErrFileVersion},
		{"longer", append(bytes.Clone(good), 0), origin, cube.ErrFileDamaged},
		{"many sections", changed(32, 0xFF, 0xFF, 0xFF, 0xFF), origin, cube.ErrFileDamaged},
		{"long origin", changed(12, 0xFF, 0xFF, 0xFF, 0xFF), origin, cube.ErrFileDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := read(tt.file, tt.origin); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		if _, err := cube.ReadFile(filepath.Join(dir, "nothing"), origin); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want %v", err, fs.ErrNotExist)
		}
	})
	by := london(45)
	t.Run("cut short", func(t *testing.T) {
		for range 100 {
			n := by.IntN(len(good))
			if err := read(good[:n], origin); !errors.Is(err, cube.ErrFileDamaged) {
				t.Errorf("first %d bytes: error %v", n, err)
			}
		}
	})
	t.Run("one bit flipped", func(t *testing.T) {
		for n := range 600 {
			at := by.IntN(len(good))
			if n < 200 {
				at = by.IntN(400) // the head
			}
			if err := read(changed(at, good[at]^1<<by.IntN(8)), origin); err == nil {
				t.Errorf("a flip in byte %d went unnoticed", at)
			}
		}
	})
	t.Run("from a file", func(t *testing.T) {
		path := filepath.Join(dir, "cube.snapshot")
		if err := os.WriteFile(path, good[:len(good)-8], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cube.ReadFile(path, origin); !errors.Is(err, cube.ErrFileDamaged) {
			t.Errorf("error %v, want %v", err, cube.ErrFileDamaged)
		}
	})
}

// WriteFile leaves the old file alone when it fails, and no litter.
func TestWriteFile_Fails(t *testing.T) {
	s := build(t, 1, london(46).reports(t, 10))
	dir := t.TempDir()
	path := filepath.Join(dir, "cube.snapshot")
	if err := s.WriteFile(path, origin); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteFile(path, string(make([]byte, 2000))); err == nil {
		t.Error("an origin of 2000 bytes was written")
	}
	if err := cube.Unsettled(s).WriteFile(path, origin); !errors.Is(err, cube.ErrUnsettled) {
		t.Errorf("error %v, want %v", err, cube.ErrUnsettled)
	}
	reload(t, path)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v is left, %v", entries, err)
	}
	if err := s.WriteFile(filepath.Join(dir, "no", "such", "folder"), origin); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want %v", err, fs.ErrNotExist)
	}
}

// The bytes of a file are a promise to every program of the same FileVersion: a
// snapshot written by the last release boots this one. When this test fails,
// the format has changed: raise FileVersion, so that old files are refused rather
// than misread, and pin the new sum.
func TestWriteFile_Pinned(t *testing.T) {
	const version, want = 1, "872bcbc2afc106854e7f3cf7dd678426d9b83ed4a9769894e9b631a0d589e503"
	by := london(47)
	by.places = append(awkward(t), by.places...)
	b := contents(t, save(t, build(t, 9, by.reports(t, 2000))))
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != want || cube.FileVersion != version {
		t.Errorf("version %d has the sum %s, want version %d with %s", cube.FileVersion, got, version, want)
	}
	if string(b[:8]) != "SSCUBE\r\n" || binary.LittleEndian.Uint32(b[8:]) != version || binary.LittleEndian.Uint64(b[16:]) != 9 {
		t.Errorf("head %x", b[:48])
	}
}

// FuzzReadFile looks for files that are taken for good, or crash the reader.
func FuzzReadFile(f *testing.F) {
	good := contents(f, save(f, build(f, 3, london(48).reports(f, 1))))
	f.Add(good)
	f.Add([]byte{})                                       // nothing
	f.Add(good[:48])                                      // the head only
	f.Add(good[:len(good)/2])                             // cut
	f.Add(append(bytes.Clone(good), good...))             // doubled
	f.Add(bytes.Replace(good, []byte{11}, []byte{12}, 1)) // another resolution
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := cube.ReadBytes(b, origin)
		switch {
		case bytes.Equal(b, good):
			if err != nil {
				t.Fatal(err)
			}
		case err == nil:
			t.Fatalf("read %d reports from a damaged file", s.Len())
		case !errors.Is(err, cube.ErrFileDamaged) && !errors.Is(err, cube.ErrFileVersion) && !errors.Is(err, cube.ErrFileOrigin):
			t.Fatalf("no reason that callers know: %v", err)
		}
	})
}
