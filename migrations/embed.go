// Package migrations holds the numbered schema migrations of both engines as
// SQL files inside the program, so that a binary can bring any older database
// up to its own schema without further files.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite/*.sql
var sqliteFiles embed.FS

//go:embed postgres/*.sql
var postgresFiles embed.FS

// SQLite returns the migrations of the SQLite engine, named NNNN_name.sql.
func SQLite() fs.FS { return sub(sqliteFiles, "sqlite") }

// Postgres returns the migrations of the PostgreSQL engine, numbered as those
// of SQLite are.
func Postgres() fs.FS { return sub(postgresFiles, "postgres") }

func sub(files embed.FS, dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil { // only for an invalid path, and dir is a constant
		panic(err)
	}
	return f
}
