package wire

import (
	"net/http"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// Asked is a command as its caller sent it.
type Asked struct {
	Entity  stores.EntityID
	Command host.Command // its payload comes with ReadPayload
	Timeout time.Duration

	msgpack bool // the payload is
	answer  bool // the answer is to be msgpack
}

// ReadHeaders reads all but the payload of a command. empty says that there is no body.
func ReadHeaders(id stores.EntityID, command string, h http.Header, empty bool) (*Asked, *Problem) {
	kind, p := BodyType(h, empty, NamesOfJSON, NamesOfMsgpack)
	if p != nil {
		return nil, p
	}
	// Who does not say what to answer in is answered in what was sent.
	offers := [][]string{NamesOfJSON, NamesOfMsgpack}
	if kind == 1 {
		offers[0], offers[1] = offers[1], offers[0]
	}
	chosen, p := Acceptable(h, offers...)
	if p != nil {
		return nil, p
	}
	a := &Asked{Entity: id, Command: host.Command{Name: command, Meta: Meta(h)}, msgpack: kind == 1, answer: (kind == 1) != (chosen == 1)}
	if a.Command.ID, p = CommandID(h); p != nil {
		return nil, p
	}
	if a.Command.Expected, p = Expected(h); p != nil {
		return nil, p
	}
	if a.Timeout, p = Timeout(h); p != nil {
		return nil, p
	}
	if err := id.Validate(); err != nil {
		return nil, ProblemOf(err)
	}
	return a, nil
}

// ReadPayload takes the body as one msgpack value, which may share its bytes. An empty body is an empty map in JSON
// and no payload in msgpack.
func (a *Asked) ReadPayload(body []byte) *Problem {
	var err error
	switch {
	case !a.msgpack:
		a.Command.Payload, err = abi.AppendFromJSON(make([]byte, 0, len(body)+16), body)
	case len(body) > 0:
		a.Command.Payload, err = body, abi.CheckPayload(body)
	}
	if err != nil {
		return &Problem{Kind: InvalidPayload, Detail: "body: " + err.Error()}
	}
	return nil
}

// Encoder returns one of the format that the caller wants to be answered in.
func (a *Asked) Encoder() *Encoder { return NewEncoder(a.answer) }

// Answer returns what answers the command when it was accepted.
func (a *Asked) Answer(reply *host.Reply) *Encoder {
	e := a.Encoder()
	n := 3
	if a.Command.ID != "" {
		n++
	}
	if reply.Repeated {
		n++
	}
	e.Object(n)
	AppendReply(e, a.Command.ID, reply)
	e.EndObject()
	return e
}

// AppendReply appends the members of an accepted command's answer.
func AppendReply(e *Encoder, commandID string, reply *host.Reply) {
	e.Key("seq")
	e.Uint(reply.Seq)
	e.Key("events")
	e.Uint(uint64(reply.Events))
	e.Key("reply")
	e.Payload(reply.Payload)
	if commandID != "" {
		e.Key("command_id")
		e.Str(commandID)
	}
	if reply.Repeated {
		e.Key("repeated")
		e.Bool(true)
	}
}
