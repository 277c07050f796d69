package pgstore_test

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/pgstore"
	"github.com/eshost/eshost/stores/storetest"
)

func TestNoNameRunsAsSQL(t *testing.T) {
	t.Parallel()
	conn := server.Connect(t)
	victim := server.Schema()
	if _, err := conn.Exec(t.Context(), "CREATE TABLE "+victim+" (a int)"); err != nil {
		t.Fatal(err)
	}
	for _, odd := range []string{"p\nDROP TABLE " + victim + ";--", "p\r", "p\x00", "p\xff", "p\u0085"} {
		o := server.Options(t)
		o.TablePrefix = odd
		if s, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "control characters") {
			t.Errorf("prefix %q: %v, %v", odd, s, err)
		}
		o = server.Options(t)
		o.Schema = odd
		if s, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "control characters") {
			t.Errorf("schema %q: %v, %v", odd, s, err)
		}
	}
	var there bool
	if err := conn.QueryRow(t.Context(), "SELECT to_regclass($1) IS NOT NULL", victim).Scan(&there); err != nil || !there {
		t.Errorf("the table is gone (%v)", err)
	}
	inComment := regexp.MustCompile(`(?m)--.*\{`)
	for name, text := range pgstore.Migrations(t) {
		if found := inComment.FindString(text); found != "" || strings.Contains(text, "/*") {
			t.Errorf("%s puts a name into a comment, which that may end: %s", name, found)
		}
	}
}

func TestACommitWithABadNameIsRefusedAlone(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options(t))
	for n, name := range []string{"a\x00b", "a\xffb"} {
		bad := commitOf(counter("bad"), 0, 1)
		bad.Events = append(bad.Events, stores.Event{Name: name})
		r := s.Append(t.Context(), stores.Fence{}, []stores.Commit{bad, commitOf(counter("good"), uint64(n), 2)})
		if r[0].Outcome != stores.Refused || r[0].Err == nil || errors.Is(r[0].Err, stores.ErrUnavailable) {
			t.Errorf("%q: the bad one is %s (%v)", name, r[0].Outcome, r[0].Err)
		}
		if r[1].Outcome != stores.Applied {
			t.Errorf("%q: the good one is %s (%v)", name, r[1].Outcome, r[1].Err)
		}
	}
	storetest.Verify(t, s)
}

func TestOddTextIsNoOutage(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options(t))
	mustApply(t, s, commitOf(counter("a"), 0, 1))
	for _, odd := range []string{"a\x00", "\xff"} {
		for _, err := range s.Entities(t.Context(), "counter", odd) {
			if !errors.Is(err, stores.ErrInvalidID) {
				t.Errorf("entities after %q: %v, want %v", odd, err, stores.ErrInvalidID)
			}
		}
		for id, err := range s.Entities(t.Context(), odd, "") {
			t.Errorf("entities of type %q: %v, %v", odd, id, err)
		}
		if kinds, err := s.Kinds(t.Context(), odd); err != nil || len(kinds) > 0 {
			t.Errorf("kinds of type %q: %v, %v", odd, kinds, err)
		}
		for rec, err := range s.Scan(t.Context(), stores.Query{Type: odd}) {
			t.Errorf("scan of type %q: %v, %v", odd, rec, err)
		}
		_, load := s.Checkpoint(t.Context(), odd)
		for _, err := range []error{load, s.SaveCheckpoint(t.Context(), odd, stores.Position{}), s.DeleteCheckpoint(t.Context(), odd)} {
			if !errors.Is(err, stores.ErrInvalidID) {
				t.Errorf("checkpoint %q: %v, want %v", odd, err, stores.ErrInvalidID)
			}
		}
	}
}

func TestDamageIsNoConflictAndNoPanic(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	s := open(t, o)
	c := commitOf(counter("a"), 0, 1)
	mustApply(t, s, c)
	change(t, "UPDATE "+table(o, "commits")+" SET record = set_byte(record, length(record)/2, get_byte(record, length(record)/2) # 64)")
	if r := one(t, s, c); r.Outcome != stores.Unknown || !errors.Is(r.Err, stores.ErrCorrupt) {
		t.Errorf("the very same commit, damaged in the table, is %s (%v), want unknown for %v", r.Outcome, r.Err, stores.ErrCorrupt)
	}
	change(t, "UPDATE "+table(o, "commits")+" SET entity_type = ''")
	n := 0
	for _, err := range s.Scan(t.Context(), stores.Query{}) {
		if n++; !errors.Is(err, stores.ErrCorrupt) {
			t.Errorf("a scan of a row without a type: %v, want %v", err, stores.ErrCorrupt)
		}
	}
	if n != 1 {
		t.Errorf("a scan of a row without a type shows it %d times", n)
	}
}

func TestACommitWithOtherBytesAndTheSameIDIsADuplicate(t *testing.T) {
	t.Parallel()
	s := open(t, server.Options(t))
	c := commitOf(counter("a"), 0, 1)
	place := mustApply(t, s, c).Place
	c.Plugin[0]++ // as when a plugin has another number since
	if r := one(t, s, c); r.Outcome != stores.Duplicate || r.Place != place {
		t.Errorf("it is %s at %s (%v), want a duplicate at %s", r.Outcome, r.Place, r.Err, place)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for want, harm := range map[string]func(*pgstore.Options){
		"from 1 to":            func(o *pgstore.Options) { o.MaxConns = -1 },
		"at most 2147483648":   func(o *pgstore.Options) { o.MaxConns = math.MaxInt32 + 1 },
		"time-outs of -1s":     func(o *pgstore.Options) { o.ConnectTimeout = -time.Second },
		"-1s for a statement":  func(o *pgstore.Options) { o.StatementTimeout = -time.Second },
		"needs the primary":    func(o *pgstore.Options) { o.Params = map[string]string{"target_session_attrs": "prefer-standby"} },
		"any: the store needs": func(o *pgstore.Options) { o.Params = map[string]string{"target_session_attrs": "any"} },
		`parameter "shema"`:    func(o *pgstore.Options) { o.Params = map[string]string{"shema": "s"} },
	} {
		o := server.Options(t)
		harm(o)
		if s, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), `"any"`, "any"), want) || errors.Is(err, stores.ErrUnavailable) {
			t.Errorf("%v, %v, want an error with %q", s, err, want)
		}
	}
	o := server.Options(t)
	o.StatementTimeout = time.Microsecond
	if s := open(t, server.Options(t)); !strings.HasSuffix(s.Settings(), "statement_timeout = 30000") {
		t.Errorf("sessions begin with %s", s.Settings())
	}
	if s, err := pgstore.Open(t.Context(), o); err == nil {
		if !strings.HasSuffix(s.Settings(), "statement_timeout = 1") {
			t.Errorf("sessions begin with %s, where a microsecond was wanted", s.Settings())
		}
		_ = s.Close()
	}
}

func TestAStoresStatementsAreItsOwn(t *testing.T) {
	t.Parallel()
	names := append(open(t, server.Options(t)).StatementNames(), open(t, server.Options(t)).StatementNames()...)
	slices.Sort(names)
	if n := len(names); len(slices.Compact(names)) != n {
		t.Errorf("two stores behind one pooler have statements of one name: %v", names)
	}
}

func TestAConnectionThatHasForgottenItsStatementsIsReplaced(t *testing.T) {
	t.Parallel()
	o := server.Options(t)
	o.MaxConns = 1
	s := open(t, o)
	mustApply(t, s, commitOf(counter("a"), 0, 1))
	pgstore.Deallocate(t, s)
	w := writer{log: s, id: counter("b"), took: make(map[stores.Outcome]int)}
	if !w.settle(t, commitOf(w.id, 0, 2)) || w.took[stores.Refused] != 1 || w.took[stores.Unknown] != 0 {
		t.Errorf("the outcomes are %v, want one refusal before it is applied", w.took)
	}
}
