package sqlite_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/streetsafe/streetsafe/internal/report"
	"github.com/streetsafe/streetsafe/internal/store"
	"github.com/streetsafe/streetsafe/internal/store/sqlite"
)

// envVictim tells the test binary to be a program that inserts into the named
// file until somebody kills it.
const envVictim = "STREETSAFE_TEST_VICTIM"

const (
	victimBatch   = 700
	victimBatches = 60
)

func TestMain(m *testing.M) {
	if path := os.Getenv(envVictim); path != "" {
		os.Exit(victim(path))
	}
	os.Exit(m.Run())
}

// victim inserts the same records in every life and tells of each batch once it
// is acknowledged.
func victim(path string) int {
	s, err := sqlite.Open(ctx, path, sqlite.Options{Create: true})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	defer s.Close()
	for i := range victimBatches {
		if _, err := s.Insert(ctx, "s", sample(fmt.Sprint(i, "-"), victimBatch)); err != nil {
			fmt.Println("error", err)
			return 1
		}
		fmt.Println("acknowledged", i)
	}
	return 0
}

// A program is killed at random points of its import, again and again. What it
// was told is stored is there, nothing is there twice, and starting over in the
// end gives exactly the whole.
func TestStore_Killed(t *testing.T) {
	path := filepath.Join(t.TempDir(), sqlite.FileName)
	rng := rand.New(rand.NewPCG(1, 1))
	acknowledged := -1
	for range 8 {
		acknowledged = max(acknowledged, runVictim(t, path, 1+rng.IntN(12)))
		s := open(t, path)
		n, err := s.Count(ctx, report.Filter{}, 0)
		if least := int64(acknowledged+1) * victimBatch; err != nil || n < least || n%victimBatch != 0 {
			t.Errorf("%d reports, %v, want whole batches and at least %d", n, err, least)
		}
		wantSound(t, s)
		s.Close()
	}
	if got := runVictim(t, path, -1); got != victimBatches-1 {
		t.Errorf("the last life acknowledged up to %d, want all", got)
	}
	s := open(t, path)
	defer s.Close()
	const whole = victimBatches * victimBatch
	if n, err := s.Count(ctx, report.Filter{}, 0); err != nil || n != whole {
		t.Errorf("%d reports, %v, want %d", n, err, whole)
	}
	if g, err := s.Generation(ctx); err != nil || g != victimBatches {
		t.Errorf("generation %d, %v, want %d", g, err, victimBatches)
	}
	wantSound(t, s)
}

// runVictim starts a victim and kills it after so many acknowledgements, or
// lets it end for a negative number. It returns the last one it saw.
func runVictim(t *testing.T, path string, kill int) int {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), envVictim+"="+path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for lines := bufio.NewScanner(out); lines.Scan(); kill-- {
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &last); err != nil {
			t.Errorf("the victim says %q", lines.Text())
		}
		if kill == 0 {
			if err := c.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	c.Wait() // a killed program has no good exit status
	return last
}

func wantSound(t testing.TB, s store.Store) {
	t.Helper()
	problems, err := s.Check(ctx)
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Error(p.What)
	}
}
