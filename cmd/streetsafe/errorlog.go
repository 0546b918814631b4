package main

import (
	"log"
	"log/slog"
	"net/netip"
	"strings"
)

// errorLog is what net/http complains to. Some of its messages name the address
// of a client, which no log of the host that takes reports may hold.
func errorLog(to *slog.Logger) *log.Logger { return log.New(namelessLog{to}, "", 0) }

type namelessLog struct{ to *slog.Logger }

// Write is io.Writer.Write. It gets one message at a time.
func (l namelessLog) Write(message []byte) (int, error) {
	words := strings.Split(strings.TrimSpace(string(message)), " ")
	for i, w := range words {
		if _, err := netip.ParseAddrPort(strings.TrimSuffix(w, ":")); err == nil {
			words[i] = "a client:"
		}
	}
	l.to.Debug(strings.Join(words, " "))
	return len(message), nil
}
