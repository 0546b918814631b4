package store

import "errors"

// The errors that callers tell apart with errors.Is.
var (
	// ErrInvalid says that a record or a name must not be stored.
	ErrInvalid = errors.New("invalid")

	// ErrNotFound says that there is no such source or report.
	ErrNotFound = errors.New("not found")

	// ErrAhead says that the caller has a generation that this store has not
	// reached: what the caller holds comes from another store, or the store was
	// put back to an older state.
	ErrAhead = errors.New("generation is ahead of the store")

	// ErrForgotten says that the changes since the caller's generation are no
	// longer known in full: the caller has to start over, from generation 0.
	ErrForgotten = errors.New("the changes since that generation are forgotten")

	// ErrNewerSchema says that a newer program has changed the database.
	ErrNewerSchema = errors.New("the database has a newer schema than this program knows: use the newer streetsafe")

	// ErrOldSchema says that migrations have not been applied.
	ErrOldSchema = errors.New("the database has an older schema: run streetsafe migrate up")

	// ErrChangedMigration says that a migration was applied in another wording.
	ErrChangedMigration = errors.New("a migration differs from the one that was applied: use the streetsafe that this database was made with, or a newer release of it")

	// ErrNotExist says that there is no database where one was to be opened.
	ErrNotExist = errors.New("there is no database")

	// ErrUnavailable says that the database cannot be used right now: it is down,
	// out of reach, busy for too long or out of disk space. Nothing was
	// acknowledged; the same call may succeed later.
	ErrUnavailable = errors.New("the database is unavailable")

	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
)
