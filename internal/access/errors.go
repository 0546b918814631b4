package access

import (
	"errors"
	"fmt"

	"github.com/streetsafe/streetsafe/internal/store"
)

// InputError is something that was typed wrongly, in words for whoever typed it.
type InputError struct{ Text string }

func (e *InputError) Error() string { return e.Text }

func invalid(format string, args ...any) error { return &InputError{fmt.Sprintf(format, args...)} }

// ForPeople returns what to tell somebody of an error, or false when it is
// nothing that they can mend and only the log may have it.
func ForPeople(err error) (string, bool) {
	var input *InputError
	var many *TooManyError
	var refusal *Refusal
	switch {
	case errors.As(err, &input):
		return input.Text, true
	case errors.As(err, &many):
		return many.Error(), true
	case errors.As(err, &refusal):
		return refusal.Reason, true
	case errors.Is(err, store.ErrExists):
		return "there is an account with this address already", true
	case errors.Is(err, store.ErrNotFound):
		return "that is not there any more", true
	}
	for _, known := range []error{ErrWrong, ErrLink, ErrNoGroup, ErrTaken, ErrSSO} {
		if errors.Is(err, known) {
			return known.Error(), true
		}
	}
	return "", false
}
