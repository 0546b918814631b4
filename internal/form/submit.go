package form

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/netip"

	"github.com/google/uuid"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// incoming is one report as a way in has read it.
type incoming struct {
	report.Observation
	cell   h3.Cell // where the coordinate is the middle of a cell known already
	key    uuid.UUID
	from   netip.Addr
	proof  string
	sender string // api_key, "" for none
}

// errSink says that the store could not keep a report; the cause is logged.
var errSink = errors.New("the report could not be kept")

// submit is the only way in. It returns nil alike for a report that was
// accepted, is known already, exceeds its network's limit, waits for review, or
// lies outside the area: whoever watches the answer learns nothing. Other
// errors are a *report.FieldError, for what the sender can put right, and
// errSink.
func (h *Handler) submit(ctx context.Context, in incoming) error {
	defer h.pace.wait(ctx, h.now())
	rep, err := h.rules().Accept(in.Observation)
	var field *report.FieldError
	if errors.As(err, &field) && (field.Reason == report.ReasonOutsideArea || field.Reason == report.ReasonSwappedLatLng) {
		return nil
	}
	if err != nil {
		return err
	}
	if in.cell != 0 {
		rep.Cell = in.cell
	}
	s := Submission{Report: rep, Key: in.key, Weight: 1}
	if !h.knownSender(in.sender) {
		proven := h.proofs.proves(in.proof, in.key)
		weight, over := h.limits.judge(in.from, rep)
		switch {
		case over:
			s.Weight, s.Quarantine = 0, QuarantineOverLimit
		case !proven:
			s.Weight, s.Quarantine = 0, QuarantineNoProof
		default:
			s.Weight = weight
		}
	}
	ctx, cancel := durable(ctx)
	defer cancel()
	began := h.now()
	err = h.sink.Accept(ctx, s)
	h.pace.wrote(began)
	if err != nil {
		h.log.Error("a report could not be kept", "error", err)
		return errSink
	}
	return nil
}

// knownSender reports whether key is one of the configured ones, comparing
// hashes in constant time.
func (h *Handler) knownSender(key string) bool {
	if key == "" {
		return false
	}
	given, known := sha256.Sum256([]byte(key)), 0
	for _, k := range h.cfg.SenderKeys {
		want := sha256.Sum256([]byte(k))
		known |= subtle.ConstantTimeCompare(given[:], want[:])
	}
	return known == 1
}
