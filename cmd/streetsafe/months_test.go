package main

import (
	"testing"

	"github.com/streetsafe/streetsafe/internal/server"
	"github.com/streetsafe/streetsafe/internal/store"
)

func TestCountMonths(t *testing.T) {
	of := func(p store.Precision, n int64) store.Source {
		return store.Source{SourceInfo: store.SourceInfo{Precision: p}, Reports: n}
	}
	for _, c := range []struct {
		sources []store.Source
		want    server.MonthPrecision
	}{
		{nil, server.MonthPrecision{}},
		{[]store.Source{of("", 5), of(store.PrecisionTime, 3), of(store.PrecisionDay, 2)}, server.MonthPrecision{}},
		{[]store.Source{of(store.PrecisionMonth, 7), of(store.PrecisionDay, 2), of(store.PrecisionMonth, 4), of(store.PrecisionMonth, 0)}, server.MonthPrecision{Sources: 2, Reports: 11}},
	} {
		if got := countMonths(c.sources); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.sources, got, c.want)
		}
	}
}
