package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores/pgstore"
)

// barePostgres is one connection that inserts rows of a key and a value into one table, a transaction a batch.
type barePostgres struct {
	ctx    context.Context
	shape  *shape
	conn   *pgx.Conn
	table  string
	drop   string // statement that removes all; empty: another one does
	random *rand.PCG

	ids    []string
	seqs   []int64
	values [][]byte
}

// connectPostgres connects as the store does.
func connectPostgres(ctx context.Context, o *pgstore.Options) (*pgx.Conn, error) {
	var text strings.Builder
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for name, value := range map[string]string{"host": o.Host, "port": o.Port, "user": o.User, "dbname": o.DBName, "sslmode": o.SSLMode} {
		if value != "" {
			fmt.Fprintf(&text, "%s='%s' ", name, quote.Replace(value))
		}
	}
	for name, value := range o.Params {
		if !strings.HasPrefix(name, "pool_") {
			fmt.Fprintf(&text, "%s='%s' ", name, quote.Replace(value))
		}
	}
	c, err := pgx.ParseConfig(text.String())
	if err != nil {
		return nil, errors.New("connect to Postgres: the parameters of the URL cannot be parsed")
	}
	if o.Password != "" {
		c.Password = o.Password
	}
	return pgx.ConnectConfig(ctx, c)
}

// openPostgres makes a schema with a table, and connections that write to it.
func openPostgres(ctx context.Context, o *pgstore.Options, schema string, connections int, s *shape) (engines []engine, err error) {
	table := pgx.Identifier{schema, "bare"}.Sanitize()
	for i := range connections {
		conn, err := connectPostgres(ctx, o)
		if err == nil && i == 0 {
			_, err = conn.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize())
		}
		if err == nil && i == 0 {
			_, err = conn.Exec(ctx, "CREATE TABLE "+table+" (id text COLLATE \"C\", seq bigint, value bytea NOT NULL, PRIMARY KEY (id, seq))")
		}
		if err != nil {
			for _, e := range engines {
				err = errors.Join(err, e.remove())
			}
			return nil, fmt.Errorf("open bare Postgres: %w", err)
		}
		b := &barePostgres{ctx: ctx, shape: s, conn: conn, table: table, random: rand.NewPCG(uint64(i), 2)}
		if i == 0 {
			b.drop = "DROP SCHEMA " + pgx.Identifier{schema}.Sanitize() + " CASCADE"
		}
		engines = append(engines, b)
	}
	return engines, nil
}

func (b *barePostgres) add(entity int, n uint64) {
	b.ids = append(b.ids, entityID(entity))
	b.seqs = append(b.seqs, int64(n)+1)
	b.values = append(b.values, b.shape.appendValue(nil, b.random.Uint64(), b.random.Uint64()))
}

func (b *barePostgres) commit(int) error {
	_, err := b.conn.Exec(b.ctx, "INSERT INTO "+b.table+" SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[])", b.ids, b.seqs, b.values)
	b.ids, b.seqs, b.values = b.ids[:0], b.seqs[:0], b.values[:0]
	return err
}

func (b *barePostgres) remove() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), stopTime)
	defer cancel()
	var err error
	if b.drop != "" {
		_, err = b.conn.Exec(ctx, b.drop)
	}
	return errors.Join(err, b.conn.Close(ctx))
}

// dropSchema deletes what the host has written.
func dropSchema(ctx context.Context, o *pgstore.Options, schema string) error {
	conn, err := connectPostgres(ctx, o)
	if err == nil {
		_, err = conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
		err = errors.Join(err, conn.Close(ctx))
	}
	if err != nil {
		return fmt.Errorf("remove the schema %s: %w", schema, err)
	}
	return nil
}
