package ingest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/streetsafe/streetsafe/internal/report"
)

// Reject is a row that was not taken and why.
type Reject struct {
	Line int // in the file, from 1; where the row begins
	report.FieldError
}

// RejectHeader is the first line of a rejects file.
var RejectHeader = []string{"line", "field", "value", "reason", "expected"}

// rejectWriter writes rejects as CSV; the header comes with the first one, so
// that a writer that nothing is rejected to stays untouched.
type rejectWriter struct {
	csv *csv.Writer
	any bool
}

func newRejectWriter(w io.Writer) *rejectWriter {
	if w == nil {
		w = io.Discard
	}
	return &rejectWriter{csv: csv.NewWriter(w)}
}

func (w *rejectWriter) write(r *Reject) error {
	if !w.any {
		w.any = true
		if err := w.csv.Write(RejectHeader); err != nil {
			return err
		}
	}
	return w.csv.Write([]string{strconv.Itoa(r.Line), clip(r.Field), clip(r.Value), r.Reason, r.Expect})
}

func (w *rejectWriter) flush() error {
	w.csv.Flush()
	return w.csv.Error()
}

// RejectFile is a file that comes into being with its first byte, so that an
// import without rejects leaves none.
type RejectFile struct {
	path string
	file *os.File
}

// NewRejectFile names the file; an existing one is replaced by the first write.
// Only the user can read it: it quotes rows that were not reduced.
func NewRejectFile(path string) *RejectFile { return &RejectFile{path: path} }

// Check tells whether the file could be written, and leaves things as they are.
// An import finds that out before its first row, not after its millionth.
func (f *RejectFile) Check() error {
	info, err := os.Stat(f.path)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil // whoever reads a pipe would take a close for the end
	}
	isNew := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return cannotWrite(f.path, err)
	}
	err = file.Close()
	if isNew {
		err = errors.Join(err, os.Remove(f.path))
	}
	return err
}

func cannotWrite(path string, err error) error {
	var detail *fs.PathError
	if errors.As(err, &detail) {
		err = detail.Err
	}
	return fmt.Errorf("%s cannot be written: %w", path, err)
}

// Write creates the file if need be.
func (f *RejectFile) Write(p []byte) (int, error) {
	if f.file == nil {
		file, err := os.OpenFile(f.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return 0, cannotWrite(f.path, err)
		}
		f.file = file
	}
	return f.file.Write(p)
}

// Path returns where the rejects are, or "" when nothing was written.
func (f *RejectFile) Path() string {
	if f.file == nil {
		return ""
	}
	return f.path
}

// Close closes the file if there is one.
func (f *RejectFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

var _ io.WriteCloser = (*RejectFile)(nil)
