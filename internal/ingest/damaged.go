package ingest

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// readError is a failed read of a file in plain words; it unwraps to its cause.
type readError struct {
	text  string
	cause error
}

func (e *readError) Error() string { return e.text }
func (e *readError) Unwrap() error { return e.cause }

// cannotRead says why a file could not be read any further. line is the last
// one that was read whole, 0 when there is none.
func cannotRead(err error, line int) error {
	read := ""
	if line > 0 {
		read = fmt.Sprintf("; it was read as far as line %d", line)
	}
	var path *fs.PathError
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &readError{"the gzip file ends early: it is damaged or still being written" + read, err}
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		return &readError{"the gzip file is damaged: copy or compress it again" + read, err}
	case errors.As(err, &path):
		return &readError{path.Err.Error() + read, err}
	}
	return &readError{err.Error() + read, err}
}
