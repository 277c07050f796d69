package eshost

import (
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// The kinds of faults, as the ABI numbers them.
const (
	kindCommand = 1 // unknown command
	kindPayload = 2 // payload does not decode
	kindState   = 3 // state does not decode
	kindPanic   = 4 // handler panicked
	kindFold    = 5 // event cannot be folded
)

// entityRunner is a runner whatever its state.
type entityRunner interface {
	// head is what reads the requests. When it has read the beginning of one, known is true; otherwise it stands behind
	// the type.
	head() *codec.Head
	handleCommand(known bool) []byte
	handleEvent(known bool) []byte
}

// runner answers the requests for entities of one type, one after the other. It owns all buffers, so that a call in a
// steady state allocates only what the author's handlers do.
//
// The state passes through three hands: a decide may change what it is given, although that must have no effect; a fold
// may change it for good; a reply may not change it either. Where the state shares memory with its copies, the runner
// therefore keeps its encoding (good) and compares after each decide and reply: encoding again into a warm buffer is
// several times cheaper than a copy that the collector has to clear away, and a change is rare. Where nothing is
// shared, handlers get copies anyway. Where the author promised (see [ReadOnly]) the runner may trust: should a fold or
// a reply then fail with the state half changed, it decides the whole batch again and watches.
type runner[S any] struct {
	def      *Type[S]
	enc      codec.Encoder
	dec      codec.Decoder
	commands []boundCommand
	events   []boundEvent
	initial  S // only where nothing is shared
	state    S
	flat     bool // the state shares nothing with its copies
	trusts   bool // it does, but handlers keep the promise not to write to it
	accuses  bool // it does, and a handler that breaks the promise is at fault
	watches  bool // compare the state after every decide and reply
	keeps    bool // encode the state after every command: it is watched, or may be one that cannot be encoded
	plain    bool // none of all that: handlers get copies, and the state can always be encoded

	// distrusts says that the batch at hand must be decided again, watching.
	distrusts bool

	// of the request
	ctx       Context
	request   codec.Head
	base      []byte // the state it came with; nil if none
	remaining int    // commands or events still to be read

	// of the command and the event that came last, since the next are often the same
	next  *codec.Message
	run   func()
	event *boundEvent // a plain one

	// of the command that is being decided
	start  int    // where its outcome begins in out
	seq    uint64 // when its effect came
	former []byte // good, when it began
	before S      // the state it met, if nothing is shared; set when its events are about to be folded
	stage  stage

	out     []byte // the answer
	emitted []byte // encoded events of the command
	good    []byte // the state, encoded, if the runner keeps it
	buffer  []byte // memory for good, or what was good before the command at hand
	check   []byte // memory for the next encoding
}

// stage is how far a command has come.
type stage uint8

const (
	deciding stage = iota
	folding
	keeping
	replying
	settling // folding a plain event and replying
)

// roomyBytes is room enough for an outcome of the usual size.
const roomyBytes = 1024

func (t *Type[S]) newRunner(trusts bool) entityRunner {
	r := &runner[S]{def: t, flat: !t.plan.Shared(), out: make([]byte, 0, roomyBytes)}
	promised := t.readOnly && !r.flat
	r.trusts, r.accuses = promised && trusts, promised && !trusts
	r.watch()
	r.request.Init(t.name, t.plan, unsafe.Pointer(&r.state))
	r.ctx.typeName, r.ctx.request = t.name, &r.request
	for _, c := range t.commands {
		r.commands = append(r.commands, c.bind(r))
	}
	for _, e := range t.events {
		r.events = append(r.events, e.bind(r))
	}
	r.next, r.event = codec.NoMessage(), &boundEvent{word: unsafe.Pointer(r)}
	if r.flat {
		_ = r.dec.Decode(t.plan, t.initial, unsafe.Pointer(&r.initial))
	}
	return r
}

// open makes the state and the context those of the request. It gives the reason if that fails.
func (r *runner[S]) open(known, timed bool) (kind int, message string) {
	r.ctx.idKnown = false
	if !known {
		return r.openAny(timed)
	}
	if r.request.Loaded {
		return 0, ""
	}
	if r.base = nil; r.request.State > 0 {
		r.base = r.request.Src[r.request.State:r.request.StateEnd]
	}
	return r.load()
}

func (r *runner[S]) head() *codec.Head { return &r.request }

// openAny reads what a request of any form begins with, behind the type.
func (r *runner[S]) openAny(timed bool) (kind int, message string) {
	request := &r.request
	id, ok := request.String()
	request.ID, request.IDEnd = request.Pos-len(id), request.Pos
	var ok2 bool
	if request.Seq, ok2 = request.Uint(); !ok || !ok2 {
		return kindPayload, badRequest
	}
	if r.base, ok = request.Payload(); !ok {
		return kindPayload, badRequest
	}
	if kind, message = r.load(); kind != 0 {
		return kind, message
	}
	if timed {
		now, negative, ok := request.Integer()
		if !ok || negative && int64(now) >= 0 {
			return kindPayload, badRequest
		}
		request.Now = int64(now)
	}
	if request.Count, ok = request.Array(); !ok {
		return kindPayload, badRequest
	}
	return 0, ""
}

const badRequest = "the request does not decode; the host and the SDK disagree about the ABI"

// load makes the state what the request says. It gives the reason if that fails.
func (r *runner[S]) load() (kind int, message string) {
	r.good = r.base
	if r.base == nil {
		if r.flat {
			r.state = r.initial
			return 0, ""
		}
		r.good = r.def.initial
	}
	var zero S
	r.state = zero
	if err := r.dec.Decode(r.def.plan, r.good, unsafe.Pointer(&r.state)); err != nil {
		return kindState, "the state of " + r.def.name + " does not decode: " + err.Error()
	}
	if r.accuses {
		r.keep() // the same in the canonical form, so that a difference is a change
	}
	return 0, ""
}

// watch makes the runner as watchful as it is meant to be.
func (r *runner[S]) watch() {
	r.watches = !r.flat && !r.trusts
	r.keeps = r.watches || r.flat && r.def.plan.Strict()
	r.plain = r.flat && !r.keeps
}

// keep notes the encoding of the present state as the good one, and leaves the bytes of the former good one alone. It
// panics if the state cannot be encoded, and then the good one is what it was.
func (r *runner[S]) keep() {
	r.check = r.enc.Append(r.check[:0], r.def.plan, unsafe.Pointer(&r.state))
	r.good, r.buffer, r.check = r.check, r.check, r.buffer
}

// verify restores the state if a handler has changed it that must not, unless nobody will look at it any more.
func (r *runner[S]) verify(wanted bool) {
	if !r.watches || !wanted && !r.accuses || !r.changed() {
		return
	}
	if r.accuses {
		panic(&faultError{kindPanic, "command " + quote(r.ctx.command) + " wrote to the state, which type " + quote(r.def.name) +
			" promises not to; copy what is to be changed, or remove eshost.ReadOnly"})
	}
	r.restore()
}

// changed reports whether the state is not the good one.
func (r *runner[S]) changed() (changed bool) {
	defer func() {
		if recover() != nil {
			changed = true // into something that cannot be encoded
		}
	}()
	r.check = r.enc.Append(r.check[:0], r.def.plan, unsafe.Pointer(&r.state))
	return !codec.Equal(r.check, r.good)
}

// restore makes the state again what its good encoding says. That may have come with the request and not be canonical,
// so it is made to be, or it would never compare as equal.
func (r *runner[S]) restore() {
	var zero S
	r.state = zero
	if err := r.dec.Decode(r.def.plan, r.good, unsafe.Pointer(&r.state)); err != nil {
		panic("eshost: a state that was read or written before does not decode: " + err.Error())
	}
	r.keep()
	r.former = r.good // the same state, and the memory of the other is free
}

// appendState appends the state to the answer as a bin.
func (r *runner[S]) appendState() {
	if r.keeps && r.good != nil {
		r.out = codec.AppendBin(r.out, r.good)
		return
	}
	r.out = r.enc.AppendBin(r.out, r.def.plan, unsafe.Pointer(&r.state))
}
