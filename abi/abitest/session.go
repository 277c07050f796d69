package abitest

import (
	"errors"
	"fmt"

	"github.com/eshost/eshost/abi"
)

// session calls one instance, and a fresh one after a call that failed.
type session struct {
	k *kit
	g Guest // nil: none yet
}

func (k *kit) session() *session { return &session{k: k} }

// close gives a session's instance up.
func (s *session) close() {
	if s.g != nil {
		s.g.Close()
		s.g = nil
	}
}

// guest gives the instance, if the check may still go on.
func (s *session) guest() Guest {
	if err := s.k.outOfTime(); err != nil {
		panic(abortion{err})
	}
	if s.g == nil {
		g, err := s.k.open(s.k.wasm)
		var failed *CallError
		switch {
		case errors.As(err, &failed):
			s.k.fail(lawLoads, Finding{What: "an instance does not start, others did: " + failed.Error(), Do: "mend _initialize or the module's start function"})
			panic(ending{"an instance did not start, and the check ended"})
		case err != nil:
			panic(abortion{fmt.Errorf("open another instance: %w", err)})
		}
		s.g = g
	}
	return s.g
}

// call makes one call. The answer is the caller's. A call that failed costs
// the instance, and one that never returns ends the check: about begins the
// finding of that.
func (s *session) call(f func(Guest) ([]byte, error), about func() Finding) ([]byte, *CallError) {
	b, err := f(s.guest())
	s.k.report.GuestCalls++
	var failed *CallError
	switch {
	case err == nil:
		return append([]byte(nil), b...), nil
	case !errors.As(err, &failed):
		panic(abortion{err})
	}
	s.close()
	if failed.Endless {
		s.k.endless(failed, about())
	}
	s.k.panicked(failed)
	return nil, failed
}

// endless ends the check at a call that did not return: each one costs the
// time that a call has.
func (k *kit) endless(failed *CallError, f Finding) {
	f.What = "a call does not return: " + failed.Error()
	f.Answer = Message{}
	f.Do = "look for a loop without end. The check ends here"
	k.fail(k.at, f)
	panic(ending{"a call did not return, and the check ended"})
}

func (s *session) describe() ([]byte, error) {
	b, failed := s.call(Guest.Describe, func() Finding { return Finding{} })
	if failed != nil {
		return nil, failed
	}
	return b, nil
}

func (s *session) command(request []byte, about func() Finding) ([]byte, *CallError) {
	return s.call(func(g Guest) ([]byte, error) { return g.HandleCommand(request) }, about)
}

func (s *session) event(request []byte, about func() Finding) ([]byte, *CallError) {
	return s.call(func(g Guest) ([]byte, error) { return g.HandleEvent(request) }, about)
}

// panicked checks that a trap says why.
func (k *kit) panicked(failed *CallError) {
	switch {
	case !failed.Trapped:
	case failed.Message == "":
		k.fail(lawPanics, Finding{What: fmt.Sprintf("%s %s, and the guest said nothing", failed.Func, failed.Cause),
			Do: "call eshost_v1.panic with the panic's text before the trap, or write it to standard error"})
	default:
		k.held(lawPanics)
	}
}

// limits are those that an operator gets by default.
var limits = abi.Limits{Events: 1024, PayloadBytes: 1 << 20, StateBytes: 16 << 20}

// overLimit is the failure of a call whose answer is well-formed, and more than
// a host takes. It fails what caused it, and breaks no law.
func overLimit(function string, err error) *CallError {
	return &CallError{Func: function, Cause: "its answer is beyond a limit: " + err.Error(), NoRoom: true}
}

// decision is a command request and what came of it.
type decision struct {
	request abi.CommandRequest
	message []byte // the request
	bytes   []byte // the answer
	answer  abi.CommandAnswer
	failed  *CallError
	err     error // the answer is malformed
}

// decide asks for decisions. A malformed answer breaks the law of answers; it
// is left to the caller whether the call may fail.
func (k *kit) decide(s *session, r abi.CommandRequest) *decision {
	d := &decision{request: r, message: abi.AppendCommandRequest(nil, &r)}
	d.bytes, d.failed = s.command(d.message, func() Finding { return d.finding("") })
	if d.failed != nil {
		if !d.failed.Trapped && !d.failed.NoRoom {
			k.fail(lawAnswers, d.finding("the answer cannot be taken: %v", d.failed))
		}
		return d
	}
	if d.err = d.answer.Decode(d.bytes, &limits); d.err != nil && new(abi.CommandAnswer).Decode(d.bytes, nil) == nil {
		d.failed, d.err = overLimit(abi.ExportHandleCommand, d.err), nil
		return d
	}
	if n := len(d.answer.Outcomes); d.err == nil && d.answer.Refused == 0 && n != len(r.Commands) {
		d.err = fmt.Errorf("it has %d outcomes for %d commands", n, len(r.Commands))
	}
	if d.err != nil {
		f := d.finding("the answer is malformed: %v", d.err)
		f.Do = "section 3 of ABI.md says what an answer is like"
		k.fail(lawAnswers, f)
		return d
	}
	k.held(lawAnswers)
	return d
}

// decided reports whether there is an outcome for each command.
func (d *decision) decided() bool { return d.failed == nil && d.err == nil && d.answer.Refused == 0 }

// outcome gives the only outcome of a request with one command; nil: there is
// none.
func (d *decision) outcome() *abi.Outcome {
	if !d.decided() || len(d.answer.Outcomes) != 1 {
		return nil
	}
	return &d.answer.Outcomes[0]
}

// faulted reports whether a request with one command came out as a fault of
// that kind.
func (d *decision) faulted(kind abi.Kind) bool {
	o := d.outcome()
	return o != nil && o.Status == abi.Faulted && o.Kind == kind
}

// folding is an event request and what came of it.
type folding struct {
	request abi.EventRequest
	message []byte
	bytes   []byte
	answer  abi.EventAnswer
	failed  *CallError
	err     error
}

// fold asks for a state, in the way of decide.
func (k *kit) fold(s *session, r abi.EventRequest) *folding {
	f := &folding{request: r, message: abi.AppendEventRequest(nil, &r)}
	f.bytes, f.failed = s.event(f.message, func() Finding { return f.finding("") })
	if f.failed != nil {
		if !f.failed.Trapped && !f.failed.NoRoom {
			k.fail(lawAnswers, f.finding("the answer cannot be taken: %v", f.failed))
		}
		return f
	}
	if f.err = f.answer.Decode(f.bytes, &limits); f.err != nil && new(abi.EventAnswer).Decode(f.bytes, nil) == nil {
		f.failed, f.err = overLimit(abi.ExportHandleEvent, f.err), nil
		return f
	}
	if f.err == nil && f.answer.Refused != 0 && int(f.answer.Index) >= max(1, len(r.Events)) {
		f.err = fmt.Errorf("index %d is not that of one of the %d events", f.answer.Index, len(r.Events))
	}
	if f.err != nil {
		finding := f.finding("the answer is malformed: %v", f.err)
		finding.Do = "section 4 of ABI.md says what an answer is like"
		k.fail(lawAnswers, finding)
		return f
	}
	k.held(lawAnswers)
	return f
}

// folded reports whether there is a state.
func (f *folding) folded() bool { return f.failed == nil && f.err == nil && f.answer.Refused == 0 }
