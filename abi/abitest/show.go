package abitest

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/eshost/eshost/abi"
)

const (
	shownBytes = 160 // of a message in hex
	shownText  = 200 // bytes of a payload's JSON
	shownItems = 6   // commands, events and outcomes of a message
)

// shortHex gives bytes in hex, without the middle of long ones.
func shortHex(b []byte) string {
	if len(b) <= shownBytes {
		return hex.EncodeToString(b)
	}
	return fmt.Sprintf("%x...%x", b[:shownBytes-32], b[len(b)-32:])
}

// show gives a payload in its JSON form.
func show(payload []byte) string {
	if payload == nil {
		return "nil"
	}
	text, err := abi.AppendJSON(nil, payload)
	if err != nil {
		return "bytes " + shortHex(payload)
	}
	return shorten(string(text))
}

func shorten(text string) string {
	if len(text) > shownText {
		return strings.ToValidUTF8(text[:shownText], "") + "..."
	}
	return text
}

// several joins the first few of n texts.
func several(n int, one func(i int) string) string {
	var all []string
	for i := range min(n, shownItems) {
		all = append(all, one(i))
	}
	if n > shownItems {
		all = append(all, fmt.Sprintf("and %d more", n-shownItems))
	}
	return strings.Join(all, "; ")
}

func showEvent(name string, version uint32, payload []byte) string {
	return fmt.Sprintf("%s v%d %s", name, version, show(payload))
}

func showOutcome(a *abi.CommandAnswer, i int) string {
	o := &a.Outcomes[i]
	switch o.Status {
	case abi.Rejected:
		return fmt.Sprintf("rejected %s %s", o.Code, show(o.Payload))
	case abi.Faulted:
		return fmt.Sprintf("fault %d (%s): %s", o.Kind, o.Kind, abi.CleanText(o.Message))
	}
	events := a.EventsOf(i)
	return fmt.Sprintf("accepted, reply %s, events [%s]", show(o.Reply),
		several(len(events), func(j int) string { return showEvent(string(events[j].Name), events[j].Version, events[j].Payload) }))
}

// requested gives the request for people.
func (d *decision) requested() Message {
	r := &d.request
	return Message{Hex: shortHex(d.message), Text: fmt.Sprintf("handle_command: %s %q at seq %d, state %s, now %d: %s", r.Type, r.ID, r.Seq, show(r.State), r.Now,
		several(len(r.Commands), func(i int) string { return r.Commands[i].Name + " " + show(r.Commands[i].Payload) }))}
}

// answered gives the answer for people.
func (d *decision) answered() Message {
	m := Message{Hex: shortHex(d.bytes)}
	switch {
	case d.failed != nil:
		m.Text = d.failed.Error()
	case d.err != nil:
		m.Text = "malformed: " + d.err.Error()
	case d.answer.Refused != 0:
		m.Text = fmt.Sprintf("nothing decided: kind %d (%s): %s", d.answer.Refused, d.answer.Refused, abi.CleanText(d.answer.Message))
	default:
		m.Text = several(len(d.answer.Outcomes), func(i int) string { return showOutcome(&d.answer, i) }) + "; state " + show(d.answer.State)
	}
	return m
}

// finding begins one about the decision.
func (d *decision) finding(format string, a ...any) Finding {
	f := Finding{What: fmt.Sprintf(format, a...), Type: d.request.Type, Request: d.requested(), Answer: d.answered()}
	if len(d.request.Commands) == 1 {
		f.Command = d.request.Commands[0].Name
	}
	return f
}

// requested gives the request for people.
func (f *folding) requested() Message {
	r := &f.request
	return Message{Hex: shortHex(f.message), Text: fmt.Sprintf("handle_event: %s %q at seq %d, state %s: %s", r.Type, r.ID, r.Seq, show(r.State),
		several(len(r.Events), func(i int) string { return showEvent(r.Events[i].Name, r.Events[i].Version, r.Events[i].Payload) }))}
}

// answered gives the answer for people.
func (f *folding) answered() Message {
	m := Message{Hex: shortHex(f.bytes)}
	switch {
	case f.failed != nil:
		m.Text = f.failed.Error()
	case f.err != nil:
		m.Text = "malformed: " + f.err.Error()
	case f.answer.Refused != 0:
		m.Text = fmt.Sprintf("refused: kind %d (%s) at index %d: %s", f.answer.Refused, f.answer.Refused, f.answer.Index, abi.CleanText(f.answer.Message))
	default:
		m.Text = "state " + show(f.answer.State)
	}
	return m
}

// finding begins one about the folding.
func (f *folding) finding(format string, a ...any) Finding {
	found := Finding{What: fmt.Sprintf(format, a...), Type: f.request.Type, Request: f.requested(), Answer: f.answered()}
	if len(f.request.Events) == 1 {
		found.Event = f.request.Events[0].Name
	}
	return found
}
