package sqlite_test

import (
	"testing"

	"github.com/streetsafe/streetsafe/internal/store/storetest"
)

func TestStore_Actions(t *testing.T) {
	storetest.RunActions(t, func(t testing.TB) (func() storetest.ActionStore, func(string) error) {
		process, exec := processes(t)
		return func() storetest.ActionStore { return process() }, exec
	})
}
