package eshost_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

func TestAUsedPluginAnswersAsAFreshOneWhateverCameBefore(t *testing.T) {
	checkRandomBatches(t, eshost.NewPlugin(accounts), "spoil", "vandalize", "swallow")
}

// careful promises what the commands of accounts keep except for those that spoil.
var careful = eshost.Define("account", append(accountParts[:len(accountParts):len(accountParts)], eshost.ReadOnly[account]())...)

func TestAPluginThatTrustsAPromiseAnswersAsOneThatWatches(t *testing.T) {
	checkRandomBatches(t, eshost.NewTrustingPlugin(careful), "fail", "look", "open")
}

func TestAPromiseIsKeptUntilAHandlerWritesToItsState(t *testing.T) {
	state := payloadBytes(t, account{Owners: map[string]uint64{"anna": 1}, Notes: []string{"a"}})
	foreign := append([]byte("\x83\xa1z\xc0"), state[1:]...) // not in the canonical form
	plugin := eshost.NewPlugin(careful)
	for name, c := range map[string]struct {
		command part
		fault   bool
	}{
		"decide that rejects":  {part{name: "spoil", payload: spoil{"reject"}}, true},
		"decide that accepts":  {part{name: "spoil", payload: spoil{"accept"}}, true},
		"decide that does not": {part{name: "spoil", payload: spoil{"nothing"}}, true},
		"reply":                {part{name: "vandalize"}, true},
		"none":                 {part{name: "deposit", payload: deposit{"anna", 1}}, false},
		"fold":                 {part{name: "open", payload: open{"bert"}}, false},
	} {
		for _, from := range [][]byte{state, foreign} {
			m := message{typeName: "account", id: "a", seq: 2, state: from, commands: []part{c.command, {name: "look"}}}
			got := string(plugin.HandleCommand(m.commandRequest(t)))
			if want := "wrote to the state, which type \"account\" promises not to"; strings.Contains(got, want) != c.fault {
				t.Errorf("%s: %q", name, got)
			}
			if c.fault && !strings.Contains(got, string(state)) {
				t.Errorf("%s: the next command does not see the state as it was: %q", name, got)
			}
		}
	}
}

// checkRandomBatches compares a long-used plugin, on random batches, with a fresh one that does not trust, and that with
// the commands one by one.
func checkRandomBatches(t *testing.T, used *eshost.Plugin, failing, fifth, sixth string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	hows := strings.Split("reply|reject|panic|index|fold panics|fold makes nonsense|event cannot be encoded|unregistered event|nil event|accept|text|nothing", "|")
	command := func() part {
		switch random.IntN(8) {
		case 0, 1, 2:
			return part{name: failing, payload: fail{hows[random.IntN(len(hows))]}}
		case 3:
			return part{name: "look"}
		case 4:
			return part{name: "open", payload: open{fmt.Sprint("owner", random.IntN(4))}}
		case 5:
			return part{name: fifth}
		case 6:
			return part{name: sixth, payload: open{"carl"}}
		}
		return part{name: "deposit", payload: deposit{"anna", random.Uint64N(400)}}
	}
	states := [][]byte{nil, payloadBytes(t, account{Owners: map[string]uint64{"anna": 1}, Notes: []string{"a", "b"}, Limit: new(uint64)})}
	for round := range 400 {
		m := message{typeName: "account", id: "a", seq: 9, state: states[random.IntN(len(states))]}
		if m.state == nil {
			m.seq = 0
		}
		for range 1 + random.IntN(12) {
			m.commands = append(m.commands, command())
		}
		request := m.commandRequest(t)
		got, want := used.HandleCommand(request), eshost.NewPlugin(accounts).HandleCommand(request)
		if !bytes.Equal(got, want) {
			t.Fatalf("round %d: a used plugin answers\n%q\na fresh one\n%q", round, got, want)
		}
		checkOneByOne(t, m, want)
		if round%10 == 0 {
			states[1] = lastState(t, want, states[1])
		}
	}
}

// checkOneByOne compares the answer to a batch with the answers to its commands.
func checkOneByOne(t *testing.T, m message, whole []byte) {
	t.Helper()
	var outcomes []byte
	step := m
	for _, c := range m.commands {
		step.commands = []part{c}
		answer := eshost.NewPlugin(accounts).HandleCommand(step.commandRequest(t))
		r := codec.Reader{Src: answer, Pos: 3}
		if !r.Value(codec.MaxDepth) {
			t.Fatalf("malformed answer %q", answer)
		}
		outcomes = append(outcomes, answer[3:r.Pos]...)
		if state, ok := r.Payload(); ok && state != nil {
			step.state, step.seq = state, step.seq+1
		}
	}
	r := codec.Reader{Src: whole, Pos: 2}
	if _, ok := r.Array(); !ok || !bytes.HasPrefix(whole[r.Pos:], outcomes) {
		t.Fatalf("a batch gives\n%q\nbut its commands alone\n%q", whole[r.Pos:], outcomes)
	}
	if state := lastState(t, whole, m.state); !bytes.Equal(state, step.state) {
		t.Fatalf("after a batch the state is\n%q\nbut after its commands\n%q", state, step.state)
	}
}

// lastState gives the state of an answer, or the former one if it has none.
func lastState(t *testing.T, answer, former []byte) []byte {
	t.Helper()
	r := codec.Reader{Src: answer, Pos: 2}
	if !r.Value(codec.MaxDepth) {
		t.Fatalf("malformed answer %q", answer)
	}
	state, ok := r.Payload()
	if !ok || r.Rest() != 0 {
		t.Fatalf("malformed answer %q", answer)
	}
	if state == nil {
		return former
	}
	return bytes.Clone(state)
}
