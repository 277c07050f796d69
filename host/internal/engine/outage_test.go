package engine

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/stores"
)

func TestAnOutageIsToldOnceAndItsEnd(t *testing.T) {
	away := fmt.Errorf("%w: nobody is there", stores.ErrUnavailable)
	refused, unknown := stores.Result{Outcome: stores.Refused, Err: away}, stores.Result{Outcome: stores.Unknown, Err: away}
	var log bytes.Buffer
	g := &Engine{}
	logger := slog.New(slog.NewTextHandler(&log, nil))
	answered := func(writable bool, results ...stores.Result) {
		t.Helper()
		g.outage.answered(logger, results)
		if err := g.Writable(); (err == nil) != writable || err != nil && !errors.Is(err, stores.ErrUnavailable) {
			t.Errorf("after %v it is writable: %v", results, err)
		}
	}
	answered(true, stores.Result{Outcome: stores.Applied})
	answered(true, refused, stores.Result{Outcome: stores.Conflict}) // the store has looked
	answered(true, stores.Result{Outcome: stores.Refused, Err: stores.ErrInvalidID})
	for range 100 {
		answered(false, refused, unknown)
	}
	if n := strings.Count(log.String(), "takes no appends"); n != 1 || !strings.Contains(log.String(), "nobody is there") {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
	answered(true, unknown, stores.Result{Outcome: stores.Duplicate})
	if n := strings.Count(log.String(), "takes appends again"); n != 1 {
		t.Errorf("its end was told %d times:\n%s", n, log.String())
	}
	answered(false, unknown)
	if n := strings.Count(log.String(), "takes no appends"); n != 2 {
		t.Errorf("the next one was told %d times:\n%s", n-1, log.String())
	}
	g.outage.last = time.Now().Add(-time.Minute) // nobody has tried since
	if err := g.Writable(); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
