package server

// MonthPrecision counts the reports whose day stands for their whole month.
type MonthPrecision struct {
	Sources int   `json:"sources"` // that know only the month
	Reports int64 `json:"reports"` // of these
}
