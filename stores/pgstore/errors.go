package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eshost/eshost/stores"
)

const pooler = "if a pooler stands between, it must give each client a session of its own (PgBouncer: pool_mode=session)"

// hints say what to do about errors of the server, by their code.
var hints = map[string]string{
	"25006": "it takes no writes now: end its read-only mode, or name the primary",
	"28000": "check user, password and pg_hba.conf",
	"28P01": "check user and password",
	"3D000": "create the database, or name another one",
	"42501": "grant the user the right to do this",
	"42P01": "restore the table, or let eshost make new ones without setup=false",
	"08P01": pooler,
	"26000": pooler,
	"42P05": pooler,
	"53100": "make room on its disk",
	"53300": "raise max_connections, or lower pool_max_conns of its clients",
}

// failure classifies an error of the client or the server. Texts of the
// server and of pgx hold no password.
func (s *Store) failure(err error) error {
	var server *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, stores.ErrClosed), errors.Is(err, stores.ErrCorrupt), errors.Is(err, stores.ErrFormat), errors.Is(err, stores.ErrPosition), errors.Is(err, stores.ErrUnavailable):
		return err
	case errors.Is(err, context.Canceled) && s.closing.Load():
		return fmt.Errorf("%w: %w", stores.ErrClosed, err)
	case errors.Is(err, context.Canceled): // by the caller: it says nothing of the store
		return err
	case errors.As(err, &server) && (server.Code == "XX001" || server.Code == "XX002"):
		return fmt.Errorf("%w: %w", stores.ErrCorrupt, err)
	case server != nil && hints[server.Code] != "":
		return fmt.Errorf("%w: %w: %s", stores.ErrUnavailable, err, hints[server.Code])
	default:
		return fmt.Errorf("%w: %w", stores.ErrUnavailable, err)
	}
}

// refuses reports whether an error of a transaction that was sent proves that
// nothing of it was written, now or later: the server said so, or got nothing of
// it. What it calls fatal ends the connection and may come behind the commit, as
// when it shuts down while it waits for a standby.
func refuses(err error) bool {
	if errors.Is(err, errNotSent) || pgconn.SafeToRetry(err) {
		return true
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	severity := server.SeverityUnlocalized
	if severity == "" {
		severity = server.Severity
	}
	return severity == "ERROR" && server.Code != "40003" && (len(server.Code) < 2 || server.Code[:2] != "08")
}

// errNotSent marks an error that came before anything of the transaction was sent.
var errNotSent = errors.New("nothing was sent")

// outdated reports whether an error says that what a connection remembers of
// the server no longer holds: only a new connection will do.
func outdated(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && (server.Code == "0A000" || server.Code == "26000" || server.Code == "XX000")
}

// errLocal marks a commit that the server has, and said that a standby may not have.
var errLocal = errors.New("the server warned while it committed, and a standby may not have the commit")
