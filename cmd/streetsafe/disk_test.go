package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/streetsafe/streetsafe/internal/store"
)

// smallDisk mounts a file system of a size that the test may change.
type smallDisk struct {
	t   *testing.T
	dir string
}

func newSmallDisk(t *testing.T, size string) smallDisk {
	t.Helper()
	d := smallDisk{t, filepath.Join(t.TempDir(), "disk")}
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("a small disk has to be mounted as root: %v", err)
		}
		t.Skipf("a small disk has to be mounted as root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d smallDisk) resize(size string) {
	d.t.Helper()
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", syscall.MS_REMOUNT, "size="+size); err != nil {
		d.t.Fatal(err)
	}
}

// A disk runs full under an import: what it has told stays, as whole batches,
// reading goes on, submissions are refused; with more room all goes on.
func TestDisk_fullForSQLite(t *testing.T) {
	t.Parallel()
	const rows, batch = 90_000, 20_000
	file := manyReports(t, rows)
	disk := newSmallDisk(t, "3m")
	s := storage{dir: disk.dir}
	mustRun(t, "migrate", "up", "--data", s.dir)
	p := serveStore(t, s)
	args := []string{"import", "--rejects", filepath.Join(t.TempDir(), "rejects.csv"), "--data", s.dir, file}
	full := launch(t, args...)
	if err := full.wait(); err == nil || !strings.Contains(full.log.String(), "disk is full") {
		t.Errorf("an import onto a full disk: %v, %s; want it to say that the disk is full", err, full.log.String())
	}
	st := openAt(t, s, nil)
	kept := countSoon(t, st)
	eventually(t, "the map has what is there", func() bool { return p.ready().Reports == kept })
	if kept <= 0 || kept >= rows || kept%batch != 0 {
		t.Errorf("%d reports on the full disk, want some whole batches", kept)
	}
	fillUp(t, disk.dir)
	waiting := submitUntilFull(t, st)
	key := uuid.NewString()
	if status := p.submit(key); status != http.StatusServiceUnavailable {
		t.Errorf("a submission onto a full disk is answered by %d", status)
	}
	if r := p.ready(); !r.Ready || r.Reports != kept {
		t.Errorf("the map on a full disk: %+v", r)
	}

	disk.resize("64m")
	if status := p.submit(key); status != http.StatusAccepted {
		t.Errorf("with more room a submission is answered by %d", status)
	}
	again := launch(t, args...)
	if err := again.wait(); err != nil {
		t.Errorf("with more room: %v, %s", err, again.log.String())
	}
	eventually(t, "the map has all", func() bool { return p.ready().Reports == rows })
	p.stop()
	wantExactly(t, st, rows, waiting+1)
}

// submitUntilFull uses up the room that the log of the database still has, and
// returns how many reports were acknowledged.
func submitUntilFull(t *testing.T, st store.Store) (acknowledged int64) {
	t.Helper()
	for {
		err := st.Submit(t.Context(), formSource, store.Submission{Record: submission(t, uuid.NewString()), Weight: 1})
		if errors.Is(err, store.ErrUnavailable) {
			return acknowledged
		}
		if err != nil {
			t.Fatal(err)
		}
		acknowledged++
	}
}

// fillUp leaves no byte free.
func fillUp(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
}

// A disk without room for the saved map costs nothing but time at the next
// start.
func TestDisk_fullForSavedMap(t *testing.T) {
	t.Parallel()
	disk := newSmallDisk(t, "64k")
	s := storage{url: needDatabase(t).NewDatabase(t)}
	st := openAt(t, s, nil)
	insert(t, st, "a", 5000)
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", disk.dir, "--database-url", s.url}

	fillUp(t, disk.dir)
	p := launch(t, args...)
	eventually(t, "the map cannot be saved", func() bool { return strings.Contains(p.log.String(), "cannot save the map") })
	wantSame(t, []*process{p}, 1, 5000)
	p.stop()
	if left, err := filepath.Glob(filepath.Join(disk.dir, "*snapshot*")); err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v, %v", left, err)
	}

	disk.resize("16m")
	p = launch(t, args...)
	eventually(t, "the map is saved", func() bool { return strings.Contains(p.log.String(), "map saved") })
	p.stop()
	p = launch(t, args...)
	if !strings.Contains(p.log.String(), "from=snapshot") {
		t.Errorf("the saved map is not used: %s", p.log.String())
	}
	wantSame(t, []*process{p}, 1, 5000)
	p.stop()
}
