package eshost

import (
	"slices"
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// StateReply replies with the whole state.
func StateReply[S any](state S) S { return state }

// NoReply replies with nothing but that the command was accepted.
func NoReply[S any](S) None { return None{} }

// CommandDef is a command of type C for entities with state S, answered with an R. Make it with [Command].
type CommandDef[S, C, R any] struct {
	spec   commandSpec
	decide func(*Context, S, C) Effect
	reply  func(S) R
}

type commandSpec struct {
	name       string
	plan       *codec.Plan
	reply      *codec.Plan
	rejections []*rejection
	examples   [][]byte
}

// commandPart is a CommandDef whatever its C and R.
type commandPart[S any] interface {
	specification() *commandSpec
	bind(r *runner[S]) boundCommand
}

// Command registers a command: decide says what it does to the state it meets, and reply makes the answer to the
// caller from the state after the command's own events. [StateReply] and [NoReply] are replies for everyday use.
// If C is [None], the command has no payload.
func Command[S, C, R any](name string, decide func(*Context, S, C) Effect, reply func(S) R) *CommandDef[S, C, R] {
	name = checkName("command", name)
	if decide == nil || reply == nil {
		panic("eshost: command " + quote(name) + " needs a decide and a reply; there is eshost.NoReply")
	}
	return &CommandDef[S, C, R]{
		spec: commandSpec{
			name: name, plan: planOf[C]("command " + quote(name)), reply: planOf[R]("the reply of command " + quote(name)),
		},
		decide: decide, reply: reply,
	}
}

// Rejects declares which rejections the command's decide may give. One that is not declared is a fault.
func (c *CommandDef[S, C, R]) Rejects(rejections ...Rejects) *CommandDef[S, C, R] {
	for _, declared := range rejections {
		r := declared.rejection()
		for _, known := range c.spec.rejections {
			if known.code == r.code {
				panic("eshost: command " + quote(c.spec.name) + " declares the rejection " + quote(r.code) + " twice")
			}
		}
		c.spec.rejections = append(c.spec.rejections, r)
	}
	return c
}

// Example adds commands as examples to the plugin's description. Tools show them, and feed a plugin with them to check
// it, in this order: the best examples are accepted one after the other by a new entity, with one or two that
// are rejected in between. A command of type [None] needs none; its one example, None{}, stands for sending nothing.
func (c *CommandDef[S, C, R]) Example(commands ...C) *CommandDef[S, C, R] {
	for i := range commands {
		c.addExample(&commands[i])
	}
	return c
}

func (c *CommandDef[S, C, R]) addExample(command *C) {
	defer func() {
		if reason := recover(); reason != nil {
			panic("eshost: an example of command " + quote(c.spec.name) + ": " + panicText(reason))
		}
	}()
	var enc codec.Encoder
	example := enc.Append(nil, c.spec.plan, unsafe.Pointer(command))
	if c.spec.plan.None() {
		example = codec.AppendMapHeader(nil, 0) // an example is a payload, and this one reads like none
	}
	c.spec.examples = append(c.spec.examples, example)
}

func (c *CommandDef[S, C, R]) addTo(t *Type[S]) {
	for _, known := range t.commands {
		if known.specification().name == c.spec.name {
			panic("eshost: type " + quote(t.name) + " has two commands " + quote(c.spec.name))
		}
	}
	t.commands = append(t.commands, c)
}

func (c *CommandDef[S, C, R]) specification() *commandSpec { return &c.spec }

// boundCommand is a command as one runner uses it.
type boundCommand struct {
	token *codec.Token // the encoded name, with the header of the pair
	name  string

	// next reads one from a request.
	next *codec.Message
	// decode decodes one that next did not take.
	decode func(payload []byte) error
	// run runs the one that was read and adds its outcome to the answer. It panics if the handler does.
	run func()
}

func (c *CommandDef[S, C, R]) bind(r *runner[S]) boundCommand {
	command, reply := new(C), new(R)
	spec, silent := &c.spec, c.spec.reply.None()
	decode := func(payload []byte) error {
		var none C
		*command = none
		return r.dec.Decode(spec.plan, payload, unsafe.Pointer(command))
	}
	answer := func(effect Effect) {
		if effect.rejection != nil {
			r.reject(spec, effect)
			return
		}
		count := r.accept(effect, !silent)
		out := append(r.out, 0x93, 0x00)
		if silent {
			out = append(out, 0xc0)
		} else {
			*reply = c.reply(r.state)
			out = r.enc.AppendBin(out, spec.reply, unsafe.Pointer(reply))
		}
		out = codec.AppendArrayHeader(out, count)
		r.out = append(out, r.emitted...)
		if !silent {
			r.verify(r.remaining > 0)
		}
	}
	decide, answerOf, replyPlan := c.decide, c.reply, spec.reply
	run := func() { answer(decide(&r.ctx, r.state, *command)) }
	if r.plain {
		run = func() {
			effect := decide(&r.ctx, r.state, *command)
			event := r.event
			if event.word != typeWord(effect.first) || effect.rejection != nil || effect.more != nil {
				if event = r.plainEvent(effect); event == nil {
					answer(effect)
					return
				}
			}
			// What nearly always happens: one event, which is as plain as the state. It is encoded only behind the
			// reply, where it belongs.
			r.before = r.state
			r.stage = settling
			event.foldPlain(effect.first)
			if !silent {
				*reply = answerOf(r.state)
			}
			content := dataWord(effect.first)
			end := codec.AppendPair(r.out, replyPlan, unsafe.Pointer(reply), event.token, event.spec.plan, content)
			if end == 0 {
				r.appendPair(replyPlan, unsafe.Pointer(reply), event, content)
			} else {
				r.out = r.out[:end]
			}
			r.request.Seq++
		}
	}
	token := codec.NewToken(codec.AppendString([]byte{0x92}, spec.name))
	return boundCommand{
		token: token, name: spec.name, next: codec.NewMessage(token, spec.plan, unsafe.Pointer(command)),
		decode: decode, run: run,
	}
}

// plainEvent gives the registration of the effect's event if it is the only one and a plain one.
func (r *runner[S]) plainEvent(effect Effect) *boundEvent {
	if effect.rejection != nil || effect.more != nil || effect.first == nil {
		return nil
	}
	event := r.eventOf(effect.first)
	if !event.plain {
		return nil
	}
	r.event = event
	return event
}

// appendPair adds the outcome of a command with one event that [codec.AppendPair] does not add.
func (r *runner[S]) appendPair(plan *codec.Plan, reply unsafe.Pointer, event *boundEvent, content unsafe.Pointer) {
	r.out = slices.Grow(r.out, roomyBytes) // perhaps there was too little room
	out := r.enc.AppendBin(append(r.out, 0x93, 0x00), plan, reply)
	out = event.token.Append(append(out, 0x91))
	r.out = r.enc.AppendBin(out, event.spec.plan, content)
}
