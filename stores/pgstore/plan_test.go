package pgstore_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// plan is a node of a plan that was run.
type plan struct {
	Kind    string  `json:"Node Type"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []plan
}

// most is the largest number of rows that a node has looked at.
func (p *plan) most() (n float64, where string) {
	n, where = p.Loops*(p.Rows+p.Removed), p.Kind+" "+p.Index
	for i := range p.Plans {
		if m, w := p.Plans[i].most(); m > n {
			n, where = m, w
		}
	}
	return n, where
}

func TestNoStatementReadsMoreForTablesThatWereSmallWhenItWasPlanned(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s := open(t, o)
	conn := server.Connect(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	for name, grow := range map[string]bool{"empty": false, "of one row": true} {
		exec(s.Settings())
		commits, groups, snapshots := table(o, "commits"), table(o, "groups"), table(o, "snapshots")
		exec("TRUNCATE " + commits + ", " + groups + ", " + snapshots)
		for _, name := range []string{"commits", "groups", "snapshots"} {
			exec("ALTER TABLE " + table(o, name) + " SET (autovacuum_enabled = off)")
		}
		if grow {
			exec("INSERT INTO " + commits + " VALUES ('counter', 'e0', 1, 1, 0, 1, 0, '')")
			exec("INSERT INTO " + groups + " VALUES (0, 0, 0, 1)")
			exec("INSERT INTO " + snapshots + " SELECT 'counter', 'e0', gen_random_uuid(), 1, ''")
			exec("VACUUM ANALYZE " + commits + ", " + groups + ", " + snapshots)
		}
		statements := s.ReadStatements()
		args := map[string]string{
			"scan":           "(bigint, bigint, int, int, int, text, text, bigint, bigint) AS 20000, 28191, 0, 0, 1024, '', '~', 1024, 4000000",
			"head":           "(bigint, bigint, int, bigint) AS 25000, 0, 1, 0",
			"read":           "(text, text, bigint, bigint, bigint, bigint) AS 'counter', 'hot', 20000, 99999, 1024, 4000000",
			"entities":       "(text, text, bigint) AS 'counter', 'e1', 1024",
			"heads":          "(text[], text[]) AS '{counter,counter}', '{e5,hot}'",
			"lookup":         "(text[], text[], int8[], int2[], bytea[], text) AS '{counter}', '{hot}', '{15000}', '{0}', '{x}', '0'",
			"insert":         "(text[], text[], int8[], int8[], int8[], int2[], bytea[], int8) AS '{counter,counter}', '{hot,e7}', '{0,0}', '{20001,2}', '{20001,2}', '{0,0}', '{x,x}', 900000",
			"insert fenced":  "(text[], text[], int8[], int8[], int8[], int2[], bytea[], int8, text) AS '{counter}', '{hot}', '{20000}', '{20001}', '{20001}', '{0}', '{x}', 900001, '7'",
			"order":          "(int8, int8) AS 1, 25000",
			"place":          "(int8, int8) AS 25000, 1",
			"load snapshots": "(text[], text[]) AS '{counter,counter}', '{e5,e7}'",
		}
		var all []string
		for what, text := range statements {
			types, _, ok := strings.Cut(args[what], " AS ")
			if !ok {
				t.Fatalf("no arguments for %s", what)
			}
			at := `"` + what + `"`
			exec("PREPARE " + at + types + " AS " + text)
			all = append(all, what)
		}
		explain := func(what string) plan {
			t.Helper()
			_, values, _ := strings.Cut(args[what], " AS ")
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(t.Context()) }()
			// What the statement writes breaks no key: it comes after all that is there.
			if what == "place" {
				if _, err := tx.Exec(t.Context(), "DELETE FROM "+groups+" WHERE batch = 25000"); err != nil {
					t.Fatal(err)
				}
			}
			var text string
			if err := tx.QueryRow(t.Context(), `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE "`+what+`"(`+values+")", pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			var plans []struct{ Plan plan }
			if err := json.Unmarshal([]byte(text), &plans); err != nil {
				t.Fatal(err)
			}
			return plans[0].Plan
		}
		for _, what := range all { // now the plans are made
			explain(what)
		}
		exec("INSERT INTO " + commits + " SELECT 'counter', 'hot', g, g, g, 1, 0, '' FROM generate_series(1, 20000) g")
		exec("INSERT INTO " + commits + " SELECT 'counter', 'e' || g, 1, 1, 20000 + g, 1, 0, '' FROM generate_series(1, 20000) g")
		exec("INSERT INTO " + groups + " SELECT g, 0, g, 1 FROM generate_series(1, 40000) g")
		exec("INSERT INTO " + snapshots + " SELECT 'counter', 'e' || g, gen_random_uuid(), 1, '' FROM generate_series(1, 20000) g")
		for _, what := range all {
			limit := 100.
			if what == "scan" || what == "entities" {
				limit = 2100
			}
			p := explain(what)
			if n, where := p.most(); n > limit {
				t.Errorf("planned for tables %s, %s looks at %g rows in %s", name, what, n, where)
			}
		}
		exec("DEALLOCATE ALL")
	}
}
