package eshost

import (
	"strconv"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// handleEvent folds a batch of events.
func (r *runner[S]) handleEvent(known bool) []byte {
	if kind, message := r.open(known, false); kind != 0 {
		return r.refuseFold(kind, 0, message)
	}
	count := r.request.Count
	r.remaining = count
	kind, message := r.foldAll()
	switch {
	case kind == kindPayload: // the request itself, which is no single event's fault
		return r.refuseFold(kind, 0, message)
	case kind != 0:
		return r.refuseFold(kind, count-1-r.remaining, message)
	case r.request.Rest() != 0:
		return r.refuseFold(kindPayload, 0, badRequest)
	}
	return r.out
}

// foldAll folds the events and makes the answer. If it gives a kind, r.remaining tells which event was at fault.
func (r *runner[S]) foldAll() (kind int, message string) {
	defer func() {
		if reason := recover(); reason != nil {
			kind, message = kindPanic, describePanic(reason)
		}
	}()
	var latest *boundEvent // neighbours are often of one kind
	for r.remaining > 0 {
		r.remaining--
		if latest == nil || latest.next.Next(&r.request.Reader) == 0 {
			var kind int
			var message string
			if latest, kind, message = r.readEvent(); latest == nil {
				return kind, message
			}
		}
		latest.fold()
	}
	r.out = append(r.out[:0], 0x92, 0x00)
	r.good = nil
	r.appendState()
	return 0, ""
}

// readEvent reads an event of any kind in any form, and gives its registration or says why there is none.
func (r *runner[S]) readEvent() (event *boundEvent, kind int, message string) {
	for i := range r.events {
		if event := &r.events[i]; event.next.Next(&r.request.Reader) > 0 {
			return event, 0, ""
		}
	}
	if event, kind, message = r.findEvent(); event == nil {
		return nil, kind, message
	}
	payload, ok := r.request.Payload()
	if !ok {
		return nil, kindPayload, badRequest
	}
	if err := event.decode(payload); err != nil {
		return nil, kindFold, "event " + event.spec.label() + ": " + err.Error()
	}
	return event, 0, ""
}

// findEvent reads the name and version of an event and gives its registration, or says why there is none.
func (r *runner[S]) findEvent() (event *boundEvent, kind int, message string) {
	for i := range r.events {
		if r.request.Skip(r.events[i].token) {
			return &r.events[i], 0, ""
		}
	}
	places, ok := r.request.Array()
	name, ok2 := r.request.String()
	version, ok3 := r.request.Uint()
	if !ok || !ok2 || !ok3 || places != 3 {
		return nil, kindPayload, badRequest
	}
	for i := range r.events {
		if spec := r.events[i].spec; uint64(spec.version) == version && spec.name == string(name) {
			return &r.events[i], 0, ""
		}
	}
	return nil, kindFold, "type " + quote(r.def.name) + " does not define event " + quote(string(name)) + " version " +
		strconv.FormatUint(version, 10)
}

// refuseFold makes the answer that nothing was folded, because of the event at index.
func (r *runner[S]) refuseFold(kind, index int, message string) []byte {
	r.out = codec.AppendUint(append(r.out[:0], 0x94, 0x01), uint64(kind))
	r.out = codec.AppendUint(r.out, uint64(index))
	r.out = codec.AppendString(r.out, cut(message))
	return r.out
}
