package server

import (
	"slices"

	"github.com/gorilla/mux"
)

// Routes lists the path templates of all routes of the server itself, without
// what is mounted beside it.
func (s *Server) Routes() []string {
	var all []string
	_ = s.routes().Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		if path, err := route.GetPathTemplate(); err == nil { // those without one are prefixes of other handlers
			all = append(all, path)
		}
		return nil
	})
	slices.Sort(all)
	return slices.Compact(all)
}
