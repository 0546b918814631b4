package areas

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Denominators reads what counts are to be divided by from a CSV file with a
// header: a column with the ids of a kind's areas and one with numbers over 0,
// such as residents or metres of street. Empty names mean the first two columns.
// It returns a kind with them and how many areas have none.
func (k *Kind) Denominators(r io.Reader, name, idColumn, valueColumn string) (*Kind, int, error) {
	if name == "" {
		return nil, 0, errors.New("say what the numbers count, such as residents")
	}
	in := csv.NewReader(r)
	header, err := in.Read()
	if err != nil {
		return nil, 0, fmt.Errorf("read the header: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	id, err1 := column(header, idColumn, 0)
	value, err2 := column(header, valueColumn, 1)
	if err := errors.Join(err1, err2); err != nil {
		return nil, 0, err
	}
	values := map[string]float64{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		line, _ := in.FieldPos(value)
		v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(row[value]), ",", ""), 64)
		if err != nil || !(v > 0) || math.IsInf(v, 0) {
			return nil, 0, fmt.Errorf("line %d: %q is no number over 0", line, row[value])
		}
		values[strings.TrimSpace(row[id])] = v
	}
	return k.withDenominators(values, name)
}

func (k *Kind) withDenominators(values map[string]float64, name string) (*Kind, int, error) {
	list, missing := make([]*Area, 0, len(k.Areas)), 0
	for _, a := range k.Areas {
		b := *a
		if b.Denominator = values[a.ID]; b.Denominator == 0 {
			missing++
		}
		list = append(list, &b)
	}
	if missing == len(list) {
		return nil, 0, fmt.Errorf("none of the ids is one of a %s, such as %s", k.Name, list[0].ID)
	}
	out, err := NewKind(k.Name, list)
	if err != nil {
		return nil, 0, err
	}
	out.DenominatorName, out.Source = name, k.Source
	return out, missing, nil
}

func column(header []string, name string, otherwise int) (int, error) {
	if name == "" {
		if otherwise >= len(header) {
			return 0, fmt.Errorf("the file has %d columns, expected two: id and number", len(header))
		}
		return otherwise, nil
	}
	if i := slices.Index(header, name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("no column %s; the file has: %s", name, strings.Join(header, ", "))
}
