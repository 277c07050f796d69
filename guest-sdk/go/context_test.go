package eshost_test

import (
	"math"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/eshosttest"
)

// draw asks for everything that a context gives.
type draw struct{ Salt string }

type drawn struct {
	Type, ID  string
	Seq       uint64
	NowMillis int64
	Numbers   [2]uint64
}

var dice = eshost.Define[drawn]("dice",
	eshost.Command("draw", decideDraw, eshost.StateReply),
	eshost.Command("draw.again", decideDraw, eshost.StateReply),
	eshost.Event("drawn", 1, func(_ drawn, e drawn) drawn { return e }),
)

func decideDraw(ctx *eshost.Context, _ drawn, _ draw) eshost.Effect {
	ctx.Log(eshost.Debug, "drawing")
	random := ctx.Rand()
	d := drawn{ctx.Type(), ctx.ID(), ctx.Seq(), ctx.NowMillis(), [2]uint64{random.Uint64(), random.Uint64()}}
	if ctx.Rand().Uint64() != d.Numbers[0] {
		panic("a second source differs from the first")
	}
	return eshost.Accept(d)
}

func TestADecideIsToldWhereAndWhenItIs(t *testing.T) {
	s := eshosttest.Given(t, dice).ID("ü").At(1763892000000)
	s.WhenNamed("draw", draw{})
	got := s.State()
	got.Numbers = [2]uint64{}
	if want := (drawn{Type: "dice", ID: "ü", NowMillis: 1763892000000}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.At(-1).WhenNamed("draw", draw{})
	if got := s.State(); got.Seq != 1 || got.NowMillis != -1 {
		t.Errorf("got %+v", got)
	}
	eshosttest.Given(t, dice).At(math.MinInt64).WhenNamed("draw", draw{})
}

func TestRandomNumbersDependOnAllThatTheyMayDependOnAndOnNothingElse(t *testing.T) {
	numbers := func(id, command, salt string, now int64, before int) [2]uint64 {
		t.Helper()
		var past []any
		for range before {
			past = append(past, drawn{})
		}
		s := eshosttest.Given(t, dice, past...).ID(id).At(now)
		s.WhenNamed(command, draw{salt})
		return s.State().Numbers
	}
	base := numbers("a", "draw", "x", 1, 0)
	if base[0] == base[1] || base[0] == 0 {
		t.Errorf("not very random: %v", base)
	}
	if numbers("a", "draw", "x", 2, 0) != base {
		t.Error("the time changes them")
	}
	seen := map[[2]uint64]string{base: "base"}
	for name, n := range map[string][2]uint64{
		"another id":      numbers("b", "draw", "x", 1, 0),
		"another command": numbers("a", "draw.again", "x", 1, 0),
		"another payload": numbers("a", "draw", "y", 1, 0),
		"another seq":     numbers("a", "draw", "x", 1, 1),
	} {
		if other, ok := seen[n]; ok {
			t.Errorf("%s draws the same as %s", name, other)
		}
		seen[n] = name
	}
}

func TestLevelsHaveNames(t *testing.T) {
	for level, want := range map[eshost.Level]string{eshost.Debug: "DEBUG", eshost.Info: "INFO", eshost.Warn: "WARN", eshost.Error: "ERROR", 9: "INFO"} {
		if got := level.String(); got != want {
			t.Errorf("level %d is %s, want %s", level, got, want)
		}
	}
}
