package eshost

import (
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// handleCommand decides a batch of commands.
func (r *runner[S]) handleCommand(known bool) []byte {
	pos := r.request.Pos
	if r.decideAll(known); r.distrusts {
		r.distrusts, r.watches, r.keeps = false, true, true
		if r.request.Pos = pos; known {
			r.request.Rewind()
		}
		r.decideAll(false)
		r.watch()
	}
	return r.out
}

// decideAll makes the answer, unless trust turns out to have been misplaced.
func (r *runner[S]) decideAll(known bool) {
	r.remaining = 0
	if kind, message := r.open(known, true); kind != 0 {
		r.refuse(kind, message)
		return
	}
	first, count := r.request.Seq, r.request.Count
	r.out = codec.AppendArrayHeader(append(r.out[:0], 0x93, 0x00), count)
	r.remaining = count
	for r.remaining > 0 {
		if !r.decideSome() {
			r.refuse(kindPayload, badRequest)
			return
		}
		if r.distrusts {
			return
		}
	}
	switch {
	case r.request.Rest() != 0:
		r.refuse(kindPayload, badRequest)
	case r.request.Seq == first:
		r.out = append(r.out, 0xc0)
	case r.plain:
		r.out = r.enc.AppendBin(r.out, r.def.plan, unsafe.Pointer(&r.state))
	case r.trusts:
		r.tryState()
	default:
		r.appendState()
	}
}

// tryState adds a state to the answer that nobody knows to be one that can be encoded.
func (r *runner[S]) tryState() {
	defer func() {
		if recover() != nil {
			r.distrusts = true
		}
	}()
	r.appendState()
}

// decideSome decides commands until there are no more or a handler panics: setting up a recovery once for many is
// cheaper than for each. It reports false if the request is malformed.
func (r *runner[S]) decideSome() (ok bool) {
	failed := true
	defer func() {
		if !failed {
			return // without the call of recover, which is not free
		}
		if reason := recover(); reason != nil {
			ok = true
			r.undo()
			switch reason := reason.(type) {
			case *faultError:
				r.fault(reason.kind, reason.message)
			case *codec.EncodeError:
				r.fault(kindPanic, r.stage.product()+": "+reason.Error())
			default:
				r.fault(kindPanic, describePanic(reason))
			}
		}
	}()
	for r.remaining > 0 {
		r.remaining--
		r.stage = deciding
		if !r.plain {
			r.note()
		}
		if payload := r.next.Next(&r.request.Reader); payload > 0 {
			r.ctx.payload = payload
			r.run()
		} else if !r.decideOne() {
			failed = false
			return false
		}
	}
	failed = false
	return true
}

// note keeps what is needed to undo the command that comes.
func (r *runner[S]) note() { r.start, r.former = len(r.out), r.good }

// decideOne decides a command of any kind that comes in any form. It reports false if the request is malformed.
func (r *runner[S]) decideOne() (ok bool) {
	r.start = len(r.out)
	for i := range r.commands {
		c := &r.commands[i]
		if payload := c.next.Next(&r.request.Reader); payload > 0 {
			r.ctx.command, r.ctx.payload, r.next, r.run = c.name, payload, c.next, c.run
			c.run()
			return true
		}
	}
	command, name := r.findCommand()
	payload, ok := r.request.Payload()
	if !ok {
		return false
	}
	if command == nil {
		r.fault(kindCommand, r.lacks(name))
		return true
	}
	if err := command.decode(payload); err != nil {
		r.fault(kindPayload, err.Error())
		return true
	}
	r.ctx.command, r.ctx.payload, r.next, r.run = command.name, r.request.Pos-len(payload), command.next, command.run
	command.run()
	return true
}

// findCommand reads the name of a command, and gives nil and the name if there is no such command.
func (r *runner[S]) findCommand() (*boundCommand, []byte) {
	for i := range r.commands {
		if r.request.Skip(r.commands[i].token) {
			return &r.commands[i], nil
		}
	}
	places, ok := r.request.Array()
	name, ok2 := r.request.String()
	if !ok || !ok2 || places != 2 {
		r.request.Pos = len(r.request.Src) // what follows cannot be read, which the caller will find
		return nil, nil
	}
	for i := range r.commands {
		if r.commands[i].name == string(name) {
			return &r.commands[i], nil
		}
	}
	return nil, name
}

// lacks says that the type has no such command, and which it has.
func (r *runner[S]) lacks(name []byte) string {
	names := make([]string, len(r.commands))
	for i := range r.commands {
		names[i] = r.commands[i].name
	}
	return "type " + quote(r.def.name) + " has no command " + quote(string(name)) + "; it has " + codec.Listed(names)
}

// accept folds and encodes the events of the effect, and gives their number.
func (r *runner[S]) accept(effect Effect, replies bool) int {
	r.emitted, r.seq = r.emitted[:0], r.request.Seq
	r.verify(effect.first != nil || replies || r.remaining > 0)
	if effect.first == nil {
		r.stage = replying
		return 0
	}
	if r.flat {
		r.before = r.state
	}
	r.stage = folding
	r.emit(effect.first)
	if effect.more != nil {
		for _, event := range *effect.more {
			r.emit(event)
		}
	}
	count := effect.count()
	r.request.Seq += uint64(count)
	if r.keeps {
		r.stage = keeping
		r.keep()
	}
	r.stage = replying
	return count
}

func (r *runner[S]) emit(event any) {
	e := r.eventOf(event)
	r.emitted = e.emit(e.token.Append(r.emitted), event)
}

// eventOf gives the registration of an event.
func (r *runner[S]) eventOf(event any) *boundEvent {
	word := typeWord(event)
	for i := range r.events {
		if e := &r.events[i]; e.word == word {
			return e
		}
	}
	panic(&faultError{kindFold, "an event of Go type " + typeName(event) + " was emitted, which type " + quote(r.def.name) +
		" does not define; register it with eshost.Event"})
}

// reject adds the rejection of the effect to the answer.
func (r *runner[S]) reject(spec *commandSpec, effect Effect) {
	id := effect.rejection
	for _, declared := range spec.rejections {
		if declared != id {
			continue
		}
		out := codec.AppendString(append(r.out, 0x93, 0x01), id.code)
		if id.plan == nil {
			out = append(out, 0xc0)
		} else {
			out = id.append(&r.enc, out, effect.first)
		}
		r.out = out
		r.verify(r.remaining > 0)
		return
	}
	panic(&faultError{kindPanic, "command " + quote(spec.name) + " was rejected with " + quote(id.code) +
		", which it does not declare; add it to its Rejects"})
}

// faultError is what the SDK itself panics with to fault a command.
type faultError struct {
	kind    int
	message string
}

// fault makes the outcome of the present command a fault.
func (r *runner[S]) fault(kind int, message string) {
	r.out = append(r.out[:r.start], 0x93, 0x02)
	r.out = codec.AppendUint(r.out, uint64(kind))
	r.out = codec.AppendString(r.out, cut(message))
}

// product is what is encoded at a stage.
func (s stage) product() string {
	switch s {
	case deciding:
		return "the payload of the rejection"
	case folding:
		return "an event"
	case keeping:
		return "the state after the events"
	}
	return "the reply"
}

// undo makes as if the present command had not been tried.
func (r *runner[S]) undo() {
	if r.plain {
		r.start = len(r.out) // the outcome is added when all else is done
	} else {
		r.good = r.former
	}
	if unsafe.SliceData(r.good) == unsafe.SliceData(r.check) {
		r.buffer, r.check = r.check, r.buffer // or the next encoding would go where the good one is
	}
	switch {
	case r.stage == settling:
		r.state = r.before
		return
	case r.watches:
		r.restore()
	case !r.flat:
		r.distrusts = r.stage != deciding
	case r.stage == folding || r.stage != deciding && r.request.Seq != r.seq:
		r.state = r.before
	}
	if r.stage != deciding {
		r.request.Seq = r.seq
	}
}

// refuse makes the answer that nothing was decided.
func (r *runner[S]) refuse(kind int, message string) {
	r.out = codec.AppendUint(append(r.out[:0], 0x93, 0x01), uint64(kind))
	r.out = codec.AppendString(r.out, cut(message))
}
