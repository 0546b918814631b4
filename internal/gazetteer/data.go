package gazetteer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// row is one place as a table has it.
type row struct {
	name       string
	aliases    []string
	kind       string
	admin      string
	lat, lng   float64
	population int
}

// A table is gzip around lines: the head "gazetteer 1 ROWS ADMINS", the names
// of the administrative areas, and then column after column, a line for each
// row: name, aliases, kind, index of the area, latitude and longitude in
// ten-thousandths of a degree, population.
const tableHead = "gazetteer 1 %d %d"

// maxTableRows bounds what a damaged head can make the reader allocate.
const maxTableRows = 1 << 20

var errTable = errors.New("damaged table")

var kindLetters = map[string]string{
	"c": KindCity, "t": KindTown, "v": KindVillage, "a": KindArea, "s": KindStation, "p": KindPostcode,
}

// readTable reads a whole table. Its errors wrap errTable unless the
// compression itself is broken.
func readTable(data []byte) ([]row, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(z)
	next := func() (string, error) {
		if lines.Scan() {
			return lines.Text(), nil
		}
		if err := lines.Err(); err != nil {
			return "", err
		}
		return "", io.ErrUnexpectedEOF
	}
	head, err := next()
	if err != nil {
		return nil, err
	}
	var count, admins int
	if _, err := fmt.Sscanf(head, tableHead, &count, &admins); err != nil ||
		count < 0 || count > maxTableRows || admins < 0 || admins > maxTableRows {
		return nil, fmt.Errorf("%w: head %q", errTable, head)
	}
	var names []string
	for range admins {
		s, err := next()
		if err != nil {
			return nil, err
		}
		names = append(names, s)
	}
	return readColumns(next, count, names)
}

func readColumns(next func() (string, error), count int, admins []string) ([]row, error) {
	var rows []row
	for column := range 7 {
		for i := range count {
			s, err := next()
			if err != nil {
				return nil, err
			}
			if column == 0 {
				rows = append(rows, row{})
			}
			if err := rows[i].set(column, s, admins); err != nil {
				return nil, fmt.Errorf("%w: row %d, column %d: %q", errTable, i, column, s)
			}
		}
	}
	for _, r := range rows {
		if r.name == "" || r.lat < -90 || r.lat > 90 || r.lng < -180 || r.lng > 180 {
			return nil, fmt.Errorf("%w: place %q at %v, %v", errTable, r.name, r.lat, r.lng)
		}
	}
	return rows, nil
}

func (r *row) set(column int, s string, admins []string) error {
	switch column {
	case 0:
		r.name = s
		return nil
	case 1:
		r.aliases = strings.FieldsFunc(s, func(c rune) bool { return c == ';' })
		return nil
	case 2:
		kind, ok := kindLetters[s]
		if !ok {
			return errTable
		}
		r.kind = kind
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return err
	}
	switch column {
	case 3:
		if n < 0 || n >= len(admins) {
			return errTable
		}
		r.admin = admins[n]
	case 4:
		r.lat = float64(n) / 1e4
	case 5:
		r.lng = float64(n) / 1e4
	default:
		r.population = n
	}
	return nil
}
