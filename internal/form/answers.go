package form

import (
	"bytes"
	"encoding/binary"

	"github.com/google/uuid"
	h3 "github.com/uber/h3-go/v4"

	"github.com/streetsafe/streetsafe/internal/report"
)

// maxSearch bounds what is searched for, in bytes; it takes its full room in
// every token, so that the length of an address tells nothing.
const maxSearch = 80

// answers are what somebody has said so far. They travel sealed in the address
// of the next page.
type answers struct {
	key     uuid.UUID // names the submission: sending twice is sending once
	cell    h3.Cell   // where, at report.Resolution; 0 for not yet
	hint    h3.Cell   // the place of the poster that was scanned; 0 for none
	factors report.Factors
	done    step // questions that were answered
	noEnv   bool // "not applicable" to the environmental question
	noBeh   bool
	day     report.Day // 0 for not given
	daypart report.Daypart
	dark    report.Dark
	search  string // what was looked for, until a place is chosen
	turn    uint32 // how often something was answered: of two drafts the later one counts
}

// step is a set of questions.
type step uint8

const (
	stepWhere step = 1 << iota
	stepPlace
	stepPeople
	stepWhen
)

func newAnswers() answers { return answers{key: uuid.New(), daypart: report.UnknownDaypart} }

const answersBytes = 16 + 8 + 8 + 2 + 1 + 1 + 1 + 4 + 1 + 1 + 4 + maxSearch

func (a answers) encode() []byte {
	b := make([]byte, 0, answersBytes)
	b = append(b, a.key[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(a.cell))
	b = binary.BigEndian.AppendUint64(b, uint64(a.hint))
	b = binary.BigEndian.AppendUint16(b, uint16(a.factors))
	b = append(b, byte(a.done), flag(a.noEnv), flag(a.noBeh))
	b = binary.BigEndian.AppendUint32(b, uint32(a.day))
	b = append(b, byte(a.daypart), byte(a.dark))
	b = binary.BigEndian.AppendUint32(b, a.turn)
	search := make([]byte, maxSearch)
	copy(search, a.search)
	return append(b, search...)
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// decodeAnswers reads what encode wrote. The bytes are authenticated, so only
// their number is checked.
func decodeAnswers(b []byte) (answers, error) {
	if len(b) != answersBytes {
		return answers{}, errToken
	}
	var a answers
	copy(a.key[:], b)
	a.cell = h3.Cell(binary.BigEndian.Uint64(b[16:]))
	a.hint = h3.Cell(binary.BigEndian.Uint64(b[24:]))
	a.factors = report.Factors(binary.BigEndian.Uint16(b[32:]))
	a.done, a.noEnv, a.noBeh = step(b[34]), b[35] == 1, b[36] == 1
	a.day = report.Day(int32(binary.BigEndian.Uint32(b[37:])))
	a.daypart, a.dark = report.Daypart(b[41]), report.Dark(b[42])
	a.turn = binary.BigEndian.Uint32(b[43:])
	a.search = string(bytes.TrimRight(b[47:], "\x00"))
	return a, nil
}

// next returns the page of the first question that is still open.
func (a answers) next() string {
	switch {
	case a.done&stepWhere == 0:
		return pathWhere
	case a.done&stepPlace == 0:
		return pathWhyPlace
	case a.done&stepPeople == 0:
		return pathWhyPeople
	case a.done&stepWhen == 0:
		return pathWhen
	}
	return pathCheck
}

// complete reports whether the answers make a report.
func (a answers) complete() bool {
	return a.done == stepWhere|stepPlace|stepPeople|stepWhen && a.factors != 0 && a.cell != 0
}

// sent is what the pages after sending need: which report the optional answers
// belong to, and the receipt.
type sent struct {
	key     uuid.UUID
	receipt [receiptBytes]byte
	about   bool // the optional questions were answered or left out
}

const sentBytes = 16 + receiptBytes + 1

func (s sent) encode() []byte {
	return append(append(append(make([]byte, 0, sentBytes), s.key[:]...), s.receipt[:]...), flag(s.about))
}

func decodeSent(b []byte) (s sent, err error) {
	if len(b) != sentBytes {
		return sent{}, errToken
	}
	copy(s.key[:], b)
	copy(s.receipt[:], b[16:])
	s.about = b[sentBytes-1] == 1
	return s, nil
}
