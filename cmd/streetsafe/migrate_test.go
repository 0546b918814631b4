package main

import (
	"strings"
	"testing"
)

// Ten programs that migrate at once all succeed, and each migration is applied
// once.
func TestMigrate_tenAtOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, s storage) {
		args := []string{"migrate", "up", "--data", s.dir}
		if s.url != "" {
			args = append(args, "--database-url", s.url)
		}
		all := make([]*process, 10)
		for i := range all {
			all[i] = launch(t, args...)
		}
		for i, p := range all {
			if err := p.wait(); err != nil {
				t.Errorf("program %d: %v: %s", i, err, p.log.String())
			}
			if out := p.out.String(); strings.Contains(out, "not applied") || !strings.Contains(out, "0001") {
				t.Errorf("program %d says\n%s", i, out)
			}
		}
		wantExactly(t, openAt(t, s, nil), 0, 0)
	})
}
