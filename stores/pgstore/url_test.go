package pgstore_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/pgstore/pgtest"
)

func TestWhatAURLStandsFor(t *testing.T) {
	for text, want := range map[string]pgstore.Options{
		"postgres://":               {},
		"postgresql://localhost/db": {Host: "localhost", DBName: "db"},
		"postgres://ann:p%40s%2Fs%3F%25@db.example:5433/my%20db?sslmode=verify-full": {Host: "db.example", Port: "5433", User: "ann", Password: "p@s/s?%", DBName: "my db", SSLMode: "verify-full"},
		"postgres://ann:p@ss@h/db":                         {Host: "h", User: "ann", Password: "p@ss", DBName: "db"},
		"postgres://a:1,b:2/db?target_session_attrs=any":   {Host: "a,b", Port: "1,2", DBName: "db", Params: map[string]string{"target_session_attrs": "any"}},
		"postgres://a,b:2/db":                              {Host: "a,b", Port: ",2", DBName: "db"},
		"postgres://[::1]:5432/db":                         {Host: "::1", Port: "5432", DBName: "db"},
		"postgres://%2Frun%2Fpostgresql/db":                {Host: "/run/postgresql", DBName: "db"},
		"postgres:///db?host=h&port=1&user=u&password=%26": {Host: "h", Port: "1", User: "u", Password: "&", DBName: "db"},
		"postgres://h/db?schema=s&table_prefix=p_&setup=false&pool_max_conns=3&connect_timeout=2&statement_timeout=1500": {Host: "h", DBName: "db", Schema: "s", TablePrefix: "p_", NoSetup: true,
			MaxConns: 3, ConnectTimeout: 2 * time.Second, StatementTimeout: 1500 * time.Millisecond},
		"postgres://h/?statement_timeout=2m&connect_timeout=100ms&setup=true&synchronous_commit=local": {Host: "h", StatementTimeout: 2 * time.Minute, ConnectTimeout: 100 * time.Millisecond,
			Params: map[string]string{"synchronous_commit": "local"}},
	} {
		got, err := pgstore.ParseURL(text)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s is %+v (%v), want %+v", text, got, err, want)
		}
	}
}

func TestAURLThatIsWrongSaysWhyAndKeepsItsSecret(t *testing.T) {
	for text, want := range map[string]string{
		"mysql://u:s3cret@h/db":                                 "postgres://",
		"u:s3cret@h":                                            "postgres://",
		"postgres://u:s3cret%zz@h/db":                           "%25",
		"postgres://u:s3cret/more@h:5432/db":                    "%",
		"postgres://u:4/s3cret@h/db":                            "%2F",
		"postgres://u:s3cret?x@h/db":                            "%",
		"postgres://h:s3cret/db":                                "port",
		"postgres://u:s3cret@h:70000/db":                        "port",
		"postgres://u:s3cret@h/db?shema=x":                      "schema",
		"postgres://u:s3cret@h/db?pool_max_con=x":               "pool_max_conns",
		"postgres://u:123?s3cret@h/db":                          "%3F",
		"postgres://h/db?password=ab&s3cret":                    "%26",
		"postgres://u@h/db?password=x&s3cret=y":                 "%26",
		"postgres://u:s3cret@h/db?pool_max_conns=none":          "pool_max_conns",
		"postgres://u:s3cret@h/db?statement_timeout=-1s":        "statement_timeout",
		"postgres://u:s3cret@h/db?setup=maybe":                  "true or false",
		"postgres://u:s3cret@h/db?%zz":                          "percent",
		"postgres://u:s3cret@h/db?sslmode=sometimes":            "sslmode",
		"postgres://u:s3cret@h/db?pool_ping_timeout=x":          "pool_ping_timeout",
		"postgres://u:s3cret@h/db?sslrootcert=/no/such":         "no such file",
		"postgres://u@h/db?password=s3cret&sslmode=x":           "sslmode",
		"postgres://u:s3cret@h/db?sslpassword=s3cret&sslmode=x": "sslmode",
	} {
		o, err := pgstore.ParseURL(text)
		if err == nil {
			_, err = pgstore.Open(t.Context(), o)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
		if errors.Is(err, stores.ErrUnavailable) {
			t.Errorf("%s: to try again will not help: %v", text, err)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), "s3cret") {
			t.Errorf("%s: the error tells the secret: %v", text, err)
		}
	}
}

func TestNoErrorOfTheServerTellsThePassword(t *testing.T) {
	t.Parallel()
	srv := pgtest.Start(t, &pgtest.Options{CheckPassword: true})
	mustApply(t, open(t, srv.Options(t)), commitOf(counter("a"), 0, 1))
	for name, harm := range map[string]func(*pgstore.Options){
		"a wrong password": func(o *pgstore.Options) { o.Password = "s3cret" },
		"a wrong user":     func(o *pgstore.Options) { o.User, o.Password = "nobody", "s3cret" },
		"a wrong database": func(o *pgstore.Options) { o.DBName = "none" },
		"a wrong port":     func(o *pgstore.Options) { o.Port = "1" },
	} {
		o := srv.Options(t)
		harm(o)
		_, err := pgstore.Open(t.Context(), o)
		if !errors.Is(err, stores.ErrUnavailable) {
			t.Errorf("%s: %v, want %v", name, err, stores.ErrUnavailable)
			continue
		}
		for _, secret := range []string{"s3cret", pgtest.Password} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error tells the secret: %v", name, err)
			}
		}
	}
}

func TestNamesThatPostgresWouldCutOffAreRefused(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	o.TablePrefix = strings.Repeat("p", 60)
	if _, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("a long prefix: %v", err)
	}
	o = server.Options(t)
	o.Schema = strings.Repeat("s", 64)
	if _, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "63") {
		t.Errorf("a long schema: %v", err)
	}
}
