package attack_test

import (
	"os"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release/attack"
)

// effort is Quick, or Thorough when STREETSAFE_ATTACK=thorough: a minute instead
// of seconds.
func effort() attack.Effort {
	if os.Getenv("STREETSAFE_ATTACK") == "thorough" {
		return attack.Thorough
	}
	return attack.Quick
}

// T1 to T12 against the real way of making releases.
func TestRun_realHolds(t *testing.T) {
	found, err := attack.Run(t.Context(), effort(), attack.Real())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 12 {
		t.Errorf("%d attacks were made, expected 12", len(found))
	}
	for _, f := range found {
		t.Logf("%-4s %s: %s", f.ID, f.What, f.Figure)
		if f.Err != nil || f.Skipped {
			t.Errorf("%s (%s): %v (skipped: %v)", f.ID, f.What, f.Err, f.Skipped)
		}
	}
}

// T16: every broken builder is caught, by the attack that was made for it.
func TestRun_brokenAreCaught(t *testing.T) {
	caughtBy := map[string][]string{
		"fresh noise for each request":  {"T1", "T7", "T9", "T12"},
		"no noise on empty blocks":      {"T8"},
		"rebuild with the same key":     {"T7"},
		"coarse cells from coordinates": {"T10"},
		"a gate of five distinct days":  {"T3"},
		"bounded noise":                 {"T4", "T8"},
		"floating-point noise":          {"T8"},
		"threshold equal to the floor":  {"T2", "T6"},
		"rounding without noise":        {"T5"},
	}
	e := effort()
	e.Games, e.Draws = 300, 3 // gross faults show in few games
	for _, s := range attack.Broken() {
		t.Run(s.Name, func(t *testing.T) {
			want := caughtBy[s.Name]
			if len(want) == 0 {
				t.Fatal("no attack is known to catch it")
			}
			found, err := attack.Run(t.Context(), e, s, want...)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				if f.Err == nil {
					t.Errorf("%s did not catch it: %s", f.ID, f.Figure)
				}
			}
			if len(found) != len(want) {
				t.Errorf("%d of %d attacks were made", len(found), len(want))
			}
			delete(caughtBy, s.Name)
		})
	}
	for name := range caughtBy {
		t.Errorf("there is no broken builder %q", name)
	}
}
