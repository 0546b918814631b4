package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Migration is one step of a schema.
type Migration struct {
	Number   int // 1, 2, 3 ...
	Name     string
	SQL      string
	Checksum string // SHA-256 of the SQL in hex
}

// MigrationState is a migration and whether a database has it.
type MigrationState struct {
	Number    int
	Name      string
	Applied   bool
	AppliedOn report.Day // when Applied
	Unknown   bool       // applied by a newer program
}

// AppliedMigration is what a database remembers of a migration.
type AppliedMigration struct {
	Number    int
	Name      string
	Checksum  string
	AppliedOn report.Day
}

// LoadMigrations reads files named NNNN_name.sql, which must be numbered from 1
// without a gap.
func LoadMigrations(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var all []Migration
	for _, file := range names {
		number, name, found := strings.Cut(strings.TrimSuffix(file, ".sql"), "_")
		n, err := strconv.Atoi(number)
		if err != nil || !found || n != len(all)+1 {
			return nil, fmt.Errorf("migration %s: want a name like %04d_name.sql here", file, len(all)+1)
		}
		sql, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		sum := sha256.Sum256(sql)
		all = append(all, Migration{Number: n, Name: name, SQL: string(sql), Checksum: hex.EncodeToString(sum[:])})
	}
	return all, nil
}

// PendingMigrations returns what a database lacks. It fails with ErrNewerSchema
// or ErrChangedMigration when the program must not touch the database. applied
// is in the order of the numbers.
func PendingMigrations(known []Migration, applied []AppliedMigration) ([]Migration, error) {
	for i, a := range applied {
		if a.Number > len(known) {
			return nil, fmt.Errorf("migration %d (%s), this program ends at %d: %w", a.Number, a.Name, len(known), ErrNewerSchema)
		}
		if a.Number != i+1 {
			return nil, fmt.Errorf("migration %d was skipped: %w", i+1, ErrChangedMigration)
		}
		if a.Checksum != known[i].Checksum {
			return nil, fmt.Errorf("migration %d (%s): %w", a.Number, a.Name, ErrChangedMigration)
		}
	}
	return known[len(applied):], nil
}

// States joins what the program knows with what a database has.
func States(known []Migration, applied []AppliedMigration) []MigrationState {
	states := make([]MigrationState, 0, max(len(known), len(applied)))
	for _, m := range known {
		states = append(states, MigrationState{Number: m.Number, Name: m.Name})
	}
	for i, a := range applied {
		if i == len(states) {
			states = append(states, MigrationState{Unknown: true})
		}
		states[i] = MigrationState{Number: a.Number, Name: a.Name, Applied: true, AppliedOn: a.AppliedOn, Unknown: states[i].Unknown}
	}
	return states
}
