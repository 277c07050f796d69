package replay_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/host/internal/entity/entitytest"
	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
)

// decided appends a commit of "add" and "get" commands as the counter at the value decides them.
func (w *world) decided(name, plugin string, value int, by ...int) int {
	var events []stores.Event
	var commands []stores.CommandRecord
	seq := w.seqs[name]
	for _, n := range by {
		c := stores.CommandRecord{Name: "get", Seq: seq}
		if n != 0 {
			value += n
			seq++
			c = stores.CommandRecord{Name: "add", Payload: number(n), Events: 1, Seq: seq}
			events = append(events, stores.Event{Name: "added", Version: 1, Payload: number(n)})
		}
		c.Reply = number(value)
		commands = append(commands, c)
	}
	w.append(name, plugin, events, commands)
	return value
}

func TestRecordedCommandsAreDecidedTheSameAgain(t *testing.T) {
	w := newWorld(t)
	v := w.decided("a", "old", 0, 1, 0, 2, 3)
	w.add("a", 5) // of no command
	v = w.decided("a", "old", v+5, 7, 0)
	w.decided("a", "old", v, 1)
	r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter())}, Decide: true})
	if r.Decided != (replay.Decided{Commits: 4, Equal: 3, Unknown: 1}) || len(r.Decisions) != 0 {
		t.Errorf("%+v %+v", r.Decided, r.Decisions)
	}
}

func TestTheFirstCommandOfACommitThatIsDecidedDifferentlyIsNamed(t *testing.T) {
	w := newWorld(t)
	v := w.decided("a", "old", 0, 1, 2)
	w.decided("a", "old", v, 4, 0, 5)
	for _, test := range []struct {
		name   string
		twist  func(*entity.Decision)
		number int // of the command
		want   string
	}{
		{"another reply", func(out *entity.Decision) { out.Outcomes[1].Reply = []byte("8") }, 1, ""},
		{"another event", func(out *entity.Decision) { out.Events[1].Payload = []byte("6") }, 2, ""},
		{"another version", func(out *entity.Decision) { out.Events[0].Version = 2 }, 0, ""},
		{"a rejection", func(out *entity.Decision) {
			out.Outcomes[2] = entity.Outcome{Err: &entity.Rejection{Code: "closed"}}
			out.Events = out.Events[:1]
		}, 2, "rejected: closed"},
		{"no event", func(out *entity.Decision) { out.Outcomes[0].Events, out.Events = 0, out.Events[1:] }, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &twisted{decide: func(in *entity.Input, out *entity.Decision) {
				if in.Seq == 2 {
					test.twist(out)
				}
			}}
			r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", b)}, Decide: true})
			if r.Decided != (replay.Decided{Commits: 2, Equal: 1, Different: 1}) || len(r.Decisions) != 1 {
				t.Fatalf("%+v", r.Decided)
			}
			d := r.Decisions[0]
			if d.Command != test.number || d.Commit.Expected != 2 {
				t.Errorf("command %d of the commit after %d", d.Command, d.Commit.Expected)
			}
			if test.want != "" && (d.Now.Err == nil || d.Now.Err.Error() != test.want) {
				t.Errorf("now: %v", d.Now.Err)
			}
		})
	}
}

func TestCommandsAreDecidedAgainAsTheyWereThen(t *testing.T) {
	w := newWorld(t)
	v := w.decided("a", "old", 0, 1)
	w.decided("a", "old", v, 2, 3)
	var saw []entity.Input
	b := &twisted{decide: func(in *entity.Input, _ *entity.Decision) { saw = append(saw, *in) }}
	w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", b)}, Decide: true})
	if len(saw) != 2 || saw[0].Now != 1000 || saw[1].Now != 1001 || len(saw[1].Calls) != 2 || saw[0].Seq != 0 || saw[0].State != nil || string(saw[1].State) != "1" || !saw[0].Rerun {
		t.Errorf("%+v", saw)
	}
}

func TestACommandThatTrapsNowIsToldAndTheOthersAreDecided(t *testing.T) {
	w := newWorld(t)
	w.append("a", "old", []stores.Event{{Name: "added", Version: 1, Payload: number(1)}}, []stores.CommandRecord{
		{Name: "add", Payload: number(1), Events: 1, Seq: 1, Reply: number(1)}, {Name: "trap", Seq: 1, Reply: number(1)}})
	r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter())}, Decide: true})
	var f *entity.Fault
	if len(r.Decisions) != 1 || r.Decisions[0].Command != 1 || !errors.As(r.Decisions[0].Now.Err, &f) || f.Kind != entity.Trapped {
		t.Errorf("%+v", r.Decisions)
	}
}

func TestCommandsWhosePayloadsWereNotRecordedAreNotDecided(t *testing.T) {
	w := newWorld(t)
	event := []stores.Event{{Name: "added", Version: 1, Payload: number(1)}}
	w.append("a", "old", event, []stores.CommandRecord{{ID: "x", Print: entity.Fingerprint("add", number(1)), Name: "add", Events: 1, Seq: 1, Reply: number(1)}})
	w.append("a", "old", event, []stores.CommandRecord{{ID: "y", Print: entity.Fingerprint("add", number(1)), Name: "add", Payload: number(1), Events: 1, Seq: 2, Reply: number(2)}})
	r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: plugin("new", counter())}, Decide: true})
	if r.Decided != (replay.Decided{Commits: 2, Equal: 1, Unknown: 1}) {
		t.Errorf("%+v", r.Decided)
	}
	w.append("b", "old", event, []stores.CommandRecord{{Name: "add", Events: 1, Seq: 1, Reply: number(1)}})
	p := plugin("new", counter())
	p.Type.DropPayloads = true
	if r := w.run(&replay.Job{Pair: replay.Pair{Old: plugin("old", counter()), New: p}, IDs: []string{"b"}, Decide: true}); r.Decided != (replay.Decided{Commits: 1, Unknown: 1}) {
		t.Errorf("where payloads are not recorded: %+v", r.Decided)
	}
}

func TestEachCommitIsVerifiedByThePluginThatDecidedIt(t *testing.T) {
	w := newWorld(t)
	v := w.decided("a", "one", 0, 1, 2)
	v = w.decided("a", "two", v, 3)
	v = w.decided("a", "gone", v, 4)
	v = w.decided("a", "one", v, 5)
	v = w.decided("a", "wrong", v, 6)
	w.decided("a", "wrong", v, 7)
	plugins := map[stores.Digest]entity.Behavior{digest("one"): counter(), digest("two"): &entitytest.Counter{}, digest("wrong"): &twisted{decide: func(_ *entity.Input, out *entity.Decision) {
		out.Outcomes[0].Reply = number(0)
	}}}
	released := 0
	open := func(_ context.Context, d stores.Digest) (*replay.Plugin, func(), error) {
		b, ok := plugins[d]
		if !ok {
			return nil, nil, stores.ErrNotFound
		}
		p := plugin("", b)
		p.Bind = entity.NewBinding(d, "v1", b, nil)
		return p, func() { released++ }, nil
	}
	got, err := w.Verify(context.Background(), id("a"), open, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Seq != 7 || got.Decided != (replay.Decided{Commits: 6, Equal: 3, Different: 2, Unknown: 1}) || released != 3 || len(got.Decisions) != 1 {
		t.Errorf("%+v, %d released", got, released)
	}
	var told []string
	for _, p := range got.Plugins {
		text := strings.TrimRight(string(p.Plugin[:]), "\x00")
		if p.Err != nil {
			text += ": " + p.Err.Error()
		}
		told = append(told, text)
	}
	if text := strings.Join(told, ", "); text != "one, two, gone: not found in the store, wrong" {
		t.Errorf("plugins: %s", text)
	}
	if _, err := w.Verify(context.Background(), id("none"), open, 10); !errors.Is(err, entity.ErrNoEvents) {
		t.Errorf("of no entity: %v", err)
	}
}

func TestAPluginThatCannotFoldLaterEventsIsAskedAboutItsOwnCommits(t *testing.T) {
	w := newWorld(t)
	w.decided("a", "one", 0, 1)
	w.event("a", "poison") // of a later plugin, called old
	w.append("a", "one", []stores.Event{{Name: "added", Version: 1, Payload: number(1)}}, nil)
	w.decided("b", "one", 0, 1)
	w.event("b", "poison")
	open := func(_ context.Context, d stores.Digest) (*replay.Plugin, func(), error) {
		return &replay.Plugin{Type: plugin("", nil).Type, Bind: entity.NewBinding(d, "v1", counter(), nil)}, func() {}, nil
	}
	got, err := w.Verify(context.Background(), id("a"), open, 10)
	if err != nil || got.Plugins[0].Decided != (replay.Decided{Commits: 2, Equal: 1, Unknown: 1}) || got.Plugins[0].Err == nil {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = w.Verify(context.Background(), id("b"), open, 10)
	if err != nil || got.Plugins[0].Err != nil || got.Plugins[0].Equal != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestADryRunShowsWhatWouldHappenAndStoresNothing(t *testing.T) {
	w := newWorld(t)
	w.add("a", 1, 2)
	before, _ := w.log.Head(context.Background())
	for _, test := range []struct {
		name, payload           string
		seq                     uint64
		state                   string
		events                  int
		reply, after, rejection string
	}{
		{"add", "4", 2, "3", 1, "7", "7", ""},
		{"get", "", 2, "3", 0, "3", "3", ""},
		{"refuse", "", 2, "3", 0, "", "3", "rejected: refused"},
		{"add", "4", 0, "", 1, "4", "4", ""},
		{"get", "", 0, "", 0, "0", "", ""},
	} {
		var state []byte
		if test.seq > 0 {
			state = []byte(test.state)
		}
		d, err := w.Dry(context.Background(), plugin("old", counter()), id("a"), test.seq, state, entity.Command{Name: test.name, Payload: []byte(test.payload)}, 5000)
		if err != nil {
			t.Fatal(err)
		}
		rejection := ""
		if d.Err != nil {
			rejection = d.Err.Error()
		}
		if d.Seq != test.seq || len(d.Events) != test.events || string(d.Reply) != test.reply || string(d.State) != test.after || rejection != test.rejection {
			t.Errorf("%s: %+v", test.name, d)
		}
		if (d.State == nil) != (test.after == "") {
			t.Errorf("%s: the state is %v", test.name, d.State)
		}
	}
	if after, _ := w.log.Head(context.Background()); after != before {
		t.Error("something was stored")
	}
}
