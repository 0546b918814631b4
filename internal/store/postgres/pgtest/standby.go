package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"
)

// Standby starts a streaming standby of a server that is ours, on a port of its
// own. Whoever called closes it.
func (s *Server) Standby() (*Server, error) {
	if !s.Ours() {
		return nil, errors.New("the server is not ours to copy")
	}
	dir, err := os.MkdirTemp("", "streetsafe-standby-")
	if err != nil {
		return nil, err
	}
	standby := &Server{dir: dir, bin: s.bin, as: s.as}
	if err := standby.follow(s); err != nil {
		return nil, errors.Join(err, standby.Close())
	}
	return standby, nil
}

// follow copies a server's files and starts on them.
func (s *Server) follow(primary *Server) error {
	if err := s.own(); err != nil {
		return err
	}
	backup := s.command("pg_basebackup", "-D", s.data(), "-d", primary.url.String(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if out, err := backup.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.url = address(port)
	return s.Resume()
}

// Promote makes a standby a primary.
func (s *Server) Promote(ctx context.Context) error {
	return s.Exec(ctx, `SELECT pg_promote(true, 60)`)
}

// Exec runs a statement as an administrator in the database postgres.
func (s *Server) Exec(ctx context.Context, query string) error {
	c, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, query)
	return errors.Join(err, c.Close(ctx))
}

// Host returns host:port.
func (s *Server) Host() string { return s.url.Host }

// At returns the URL of a database, of another server, on this one.
func (s *Server) At(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	u.Host = s.url.Host
	return u.String(), nil
}
