package pgstore

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/eshost/eshost/stores"
)

// migrations lead from no tables to those of this version: n.sql from format n-1 to n.
//
//go:embed migrations/*.sql
var migrations embed.FS

// format is the version of the tables. The stored form of records has one of its own.
const format = 1

// oldest is the oldest version of Postgres, as the server writes it.
const oldest = 140000

// findSchema finds the schema to use, and checks what the server is.
func (s *Store) findSchema(ctx context.Context) error {
	var schema *string
	var encoding, isolation string
	var version int
	err := s.pool.QueryRow(ctx, "SELECT current_schema(), current_setting('server_encoding'), current_setting('transaction_isolation'), current_setting('server_version_num')::int").
		Scan(&schema, &encoding, &isolation, &version)
	switch {
	case err != nil:
		return s.failure(err)
	case version < oldest:
		return fmt.Errorf("the server is version %d, and %d or later is needed", version/10000, oldest/10000)
	case encoding != "UTF8":
		return fmt.Errorf("the database has the encoding %s, and UTF8 is needed: create one with ENCODING 'UTF8'", encoding)
	case isolation != "read committed":
		return fmt.Errorf("transactions are %s in spite of the connection's parameters, and read committed is needed: a pooler between must pass default_transaction_isolation on", isolation)
	}
	s.names = names{schema: s.o.Schema, prefix: s.o.TablePrefix}
	if s.names.schema == "" {
		if schema == nil {
			return errors.New("no schema of the search path exists: name one")
		}
		s.names.schema = *schema
	}
	return nil
}

// about is what the store says about itself.
type about struct {
	format, slices int
	id             stores.LogID
}

// errNoTables: there is nothing that says what the tables are.
var errNoTables = errors.New("there are no tables of eshost")

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (s *Store) readAbout(ctx context.Context, q querier) (a about, err error) {
	var id pgtype.UUID
	err = q.QueryRow(ctx, s.names.sql("SELECT format, slices, log_id FROM {meta}")).Scan(&a.format, &a.slices, &id)
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server) && (server.Code == "42P01" || server.Code == "3F000"):
		return a, errNoTables
	case errors.Is(err, pgx.ErrNoRows):
		return a, fmt.Errorf("%w: table %s is empty", stores.ErrCorrupt, s.names.full("meta"))
	case err != nil:
		return a, s.failure(err)
	}
	a.id = stores.LogID(id.Bytes)
	return a, a.check(s.names)
}

func (a about) check(n names) error {
	switch {
	case a.format > format:
		return fmt.Errorf("%w: %d, and this version of eshost knows up to %d: use the version that made it, or a later one", stores.ErrFormat, a.format, format)
	case a.format < 1 || a.slices != stores.Slices:
		return fmt.Errorf("%w: table %s says format %d and %d slices", stores.ErrCorrupt, n.full("meta"), a.format, a.slices)
	}
	return nil
}

// setup makes the tables what this version needs, and returns the log's id.
// Where they are, it only reads: so a store opens in a read-only database.
func (s *Store) setup(ctx context.Context) (stores.LogID, error) {
	a, err := s.readAbout(ctx, s.pool)
	switch {
	case err == nil && a.format == format:
	case err != nil && !errors.Is(err, errNoTables):
		return a.id, err
	case s.o.NoSetup && err != nil:
		return a.id, fmt.Errorf("%w in schema %q with the prefix %q, and setup is off: let eshost make them once, with setup=true", err, s.names.schema, s.names.prefix)
	case s.o.NoSetup:
		return a.id, fmt.Errorf("the tables have format %d, this version of eshost needs %d, and setup is off: let eshost renew them once, with setup=true", a.format, format)
	default:
		if a, err = s.migrate(ctx); err != nil {
			return a.id, fmt.Errorf("make the tables: %w", s.failure(err))
		}
	}
	return a.id, s.checkTables(ctx)
}

// checkTables finds out whether a table is missing.
func (s *Store) checkTables(ctx context.Context) error {
	var full []string
	for _, r := range relations {
		full = append(full, pgx.Identifier{s.names.schema, s.names.bare(r)}.Sanitize())
	}
	rows, err := s.pool.Query(ctx, "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL", full)
	if err != nil {
		return s.failure(err)
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%w: of a store that was set up, %s is missing: restore it from a backup", stores.ErrUnavailable, strings.Join(missing, ", "))
	}
	return s.failure(err)
}

// migrate goes from the format that is there to this version's, in one
// transaction. Hosts that do so at once wait for each other.
func (s *Store) migrate(ctx context.Context) (a about, err error) {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "eshost\x00%s\x00%s", s.names.schema, s.names.prefix)
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(hash.Sum64())); err != nil {
			return err
		}
		if err := s.ensureSchema(ctx, tx); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", s.names.full("meta")).Scan(&there); err != nil {
			return err
		}
		if there {
			if a, err = s.readAbout(ctx, tx); err != nil {
				return err
			}
		}
		for a.format < format {
			a.format++
			text, err := migrations.ReadFile(fmt.Sprintf("migrations/%d.sql", a.format))
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, s.names.sql(string(text))); err != nil {
				return err
			}
		}
		if there {
			_, err := tx.Exec(ctx, s.names.sql("UPDATE {meta} SET format = $1"), a.format)
			return err
		}
		if _, err := rand.Read(a.id[:]); err != nil {
			return err
		}
		a.slices = stores.Slices
		_, err := tx.Exec(ctx, s.names.sql("INSERT INTO {meta} (format, log_id, slices) VALUES ($1, $2, $3)"), a.format, pgtype.UUID{Bytes: a.id, Valid: true}, a.slices)
		return err
	})
	return a, err
}

// ensureSchema makes the schema unless it is there: to make one takes a right
// that the user may not have.
func (s *Store) ensureSchema(ctx context.Context, tx pgx.Tx) error {
	var there bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", s.names.schema).Scan(&there)
	if err == nil && !there {
		// Another prefix has another lock, and may make the same schema now.
		_, err = tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(0x6573686f7374))
		if err == nil {
			_, err = tx.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{s.names.schema}.Sanitize())
		}
	}
	return err
}
