package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/streetsafe/streetsafe/internal/store"
)

// unavailable marks an error that another attempt may well not meet as
// store.ErrUnavailable. A damaged file is none of these.
func unavailable(err error) error {
	if err == nil || errors.Is(err, store.ErrUnavailable) || !isUnavailable(err) {
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

func isUnavailable(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrReadonly, // the disk
		sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol, // other programs
		sqlite3.ErrNomem:
		return true
	}
	return false
}
