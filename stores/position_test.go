package stores_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/eshost/eshost/stores"
)

func TestAPositionIsGoodAsText(t *testing.T) {
	for _, p := range []stores.Position{
		{}, stores.NewPosition("1", 0), stores.NewPosition("00aZ_.9", math.MaxUint32), stores.NewPosition(strings.Repeat("f", 100), 7),
	} {
		if got, err := stores.ParsePosition(p.String()); err != nil || got != p {
			t.Errorf("%q parses to %q, %v", p, got, err)
		}
		b, err := json.Marshal(map[string]stores.Position{"p": p})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]stores.Position{}
		if err := json.Unmarshal(b, &got); err != nil || got["p"] != p {
			t.Errorf("%q as JSON: %s, %q, %v", p, b, got["p"], err)
		}
		if p.IsZero() != (p.String() == "") || stores.NewPosition(p.Commit(), p.Event()) != p {
			t.Errorf("%q: zero %v, commit %q, event %d", p, p.IsZero(), p.Commit(), p.Event())
		}
	}
}

func TestWhatIsNoPositionIsRefused(t *testing.T) {
	for _, s := range []string{"1", "-1", "1-", "1--1", "1-x", "1-4294967296", "1-1-1", " 1-1", "1-1 ", "a/b-1", "ä-1", "1-+1", "\x00-1", strings.Repeat("?", 10_000)} {
		before := stores.NewPosition("kept", 1)
		p := before
		if err := p.UnmarshalText([]byte(s)); !errors.Is(err, stores.ErrPosition) || len(err.Error()) > 400 || p != before {
			t.Errorf("%.40q parses to %q, %v", s, p, err)
		}
	}
}

func TestARecordKnowsThePlacesOfItsEvents(t *testing.T) {
	r := stores.Record{Place: stores.NewPosition("x", 2)}
	if r.Position(2) != r.Place || r.Position(0) != stores.NewPosition("x", 0) {
		t.Errorf("positions %q and %q", r.Position(0), r.Position(2))
	}
}

func FuzzParsePosition(f *testing.F) {
	f.Add("1f2e.77-3")
	f.Add("-")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := stores.ParsePosition(s)
		if err != nil {
			return
		}
		if again, err := stores.ParsePosition(p.String()); err != nil || again != p {
			t.Errorf("%q parses to %q and that to %q, %v", s, p, again, err)
		}
	})
}
