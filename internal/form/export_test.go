package form

import (
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/uuid"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// What tests look at from outside.

const (
	AnswersBytes = answersBytes
	TokenLife    = tokenLife
	MaxSearch    = maxSearch
)

type (
	Sealer   = sealer
	Receipts = receipts
	Answers  = answers
)

func NewSealer(shared func() ([][]byte, error), now func() time.Time) *Sealer {
	return &sealer{&keyring{label: "draft", shared: shared, now: now, log: slog.Default()}}
}
func (s *sealer) Seal(kind byte, plain []byte) string { return s.seal(kind, plain) }
func (s *sealer) Open(kind byte, token string) ([]byte, error) {
	return s.open(kind, token)
}

func NewReceipts(key []byte) (*Receipts, error)                 { return newReceipts(key) }
func (r *receipts) Issue(c h3.Cell) ([receiptBytes]byte, error) { return r.issue(c) }
func (r *receipts) Open(code [receiptBytes]byte) (h3.Cell, error) {
	return r.open(code)
}
func FormatReceipt(code [receiptBytes]byte) string             { return formatReceipt(code) }
func ParseReceipt(s string) (code [receiptBytes]byte, e error) { return parseReceipt(s) }

// Proof finds and spends proofs of work.
type Proof struct{ p *proofs }

func NewProof(bits int, shared func() ([][]byte, error), now func() time.Time) Proof {
	return Proof{&proofs{bits, now, &keyring{label: "proof", shared: shared, now: now, log: slog.Default()}}}
}
func (p Proof) Challenge(key uuid.UUID) (text string, bits int) {
	c := p.p.challenge(key)
	return c.Text, c.Bits
}
func (p Proof) Proves(answer string, key uuid.UUID) bool { return p.p.proves(answer, key) }

// Solve does the work of a challenge.
func Solve(text string, bits int) string { return SolveFrom(text, bits, 0) }

// SolveFrom finds an answer with a counter of at least from.
func SolveFrom(text string, bits, from int) string {
	for n := from; ; n++ {
		answer := text + "." + strconv.Itoa(n)
		if zeroBits(sha256.Sum256([]byte(answer))) >= bits {
			return answer
		}
	}
}

// Limits counts reports of networks.
type Limits struct{ l *limits }

func NewLimits(perHour int, now func() time.Time) Limits { return Limits{newLimits(perHour, now)} }
func (l Limits) Judge(from string, r report.Report) (int, bool) {
	return l.l.judge(netip.MustParseAddr(from), r)
}

// SolvedProof returns a proof of work of a handler for the report with a key.
func (h *Handler) SolvedProof(key uuid.UUID) string {
	c := h.proofs.challenge(key)
	return Solve(c.Text, c.Bits)
}

func (h *Handler) Client(r *http.Request) netip.Addr { return h.client(r) }

// T returns a message in a language.
func (h *Handler) T(lang, id string, args ...any) string { return h.words.byTag[lang].T(id, args...) }

func (a answers) Encode() []byte              { return a.encode() }
func DecodeAnswers(b []byte) (Answers, error) { return decodeAnswers(b) }
func NewAnswers(cell h3.Cell, search string) Answers {
	a := newAnswers()
	a.cell, a.search = cell, search
	return a
}

// Draft seals a draft that is ready to send, inside the area or in Paris.
func (h *Handler) Draft(key uuid.UUID, outside bool) string {
	a := newAnswers()
	a.key, a.cell, a.done = key, 0x8b194ac260b6fff, stepWhere|stepPlace|stepPeople|stepWhen
	a.factors, a.noBeh = report.FactorSet(report.Rundown), true
	if outside {
		a.cell = 0x8b1fb46622dcfff
	}
	return h.seal.seal(kindDraft, a.encode())
}
