package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Command is a command to one entity.
type Command struct {
	Type string // of the entity
	ID   string // of the entity
	Name string

	Payload json.RawMessage // JSON; empty: {}
	Msgpack []byte          // one msgpack value in the place of Payload; the reply is msgpack then, too

	CommandID string  // makes a retry safe; 1-128 bytes; empty: none
	Expected  *uint64 // the sequence number the entity must have; 0: it must not exist; nil: any
	// Traceparent is a W3C trace context that is recorded with the command; empty: none.
	Traceparent string
}

// Reply is the answer to an accepted command: what it did is durable.
type Reply struct {
	Seq       uint64          `json:"seq"`        // the entity's sequence number after it
	Events    int             `json:"events"`     // how many events it made
	Payload   json.RawMessage `json:"reply"`      // nil: none
	Msgpack   []byte          `json:"-"`          // the reply to a command that was sent as msgpack; nil: none
	CommandID string          `json:"command_id"` // as it was sent
	Repeated  bool            `json:"repeated"`   // it had been accepted before; this is its recorded answer
}

// Handle sends a command and waits for its answer. It is accepted exactly when
// the error is nil. Otherwise the error is a *Problem, or wraps ErrUnreachable
// or ErrInterrupted.
func (c *Client) Handle(ctx context.Context, cmd Command) (Reply, error) {
	headers, body, err := cmd.request()
	if err != nil {
		return Reply{}, err
	}
	resp, err := c.do(ctx, http.MethodPost, path("entities", cmd.Type, cmd.ID, "commands", cmd.Name),
		bytes.NewReader(body), deadline(ctx, headers)...)
	if err != nil {
		return Reply{}, err
	}
	defer resp.Body.Close()
	var reply Reply
	if cmd.Msgpack != nil {
		err = c.decodeMsgpack(resp.Body, &reply)
	} else if err = c.decode(resp.Body, &reply); string(reply.Payload) == "null" {
		reply.Payload = nil
	}
	return reply, err
}

// request is what is sent of a command, besides its path.
func (cmd *Command) request() (headers []header, body []byte, err error) {
	headers = []header{{"Content-Type", "application/json"}, {"Accept", "application/json"}}
	body = []byte(cmd.Payload)
	if cmd.Msgpack != nil {
		if cmd.Payload != nil {
			return nil, nil, errors.New("send a command: it has both a JSON and a msgpack payload, give one")
		}
		headers = []header{{"Content-Type", "application/msgpack"}, {"Accept", "application/msgpack"}}
		body = cmd.Msgpack
	}
	if cmd.CommandID != "" {
		headers = append(headers, header{"Idempotency-Key", quoteKey(cmd.CommandID)})
	}
	if cmd.Expected != nil {
		if *cmd.Expected == 0 {
			headers = append(headers, header{"If-None-Match", "*"})
		} else {
			headers = append(headers, header{"If-Match", `"` + strconv.FormatUint(*cmd.Expected, 10) + `"`})
		}
	}
	if cmd.Traceparent != "" {
		headers = append(headers, header{"traceparent", cmd.Traceparent})
	}
	return headers, body, nil
}

// decodeMsgpack reads the answer to a command that was sent as msgpack.
func (c *Client) decodeMsgpack(body io.Reader, reply *Reply) error {
	b, err := io.ReadAll(body)
	if err != nil {
		return c.unanswered(err)
	}
	var answer struct {
		Seq       uint64             `msgpack:"seq"`
		Events    int                `msgpack:"events"`
		Reply     msgpack.RawMessage `msgpack:"reply"`
		CommandID string             `msgpack:"command_id"`
		Repeated  bool               `msgpack:"repeated"`
	}
	if err := msgpack.Unmarshal(b, &answer); err != nil {
		return fmt.Errorf("answer of %s is not what an eshost gives: %w", c.base, err)
	}
	*reply = Reply{Seq: answer.Seq, Events: answer.Events, CommandID: answer.CommandID, Repeated: answer.Repeated}
	if !bytes.Equal(answer.Reply, []byte{msgpcode.Nil}) {
		reply.Msgpack = answer.Reply
	}
	return nil
}

// quoteKey writes a command id so that it arrives as it is: between quotes
// where a header would otherwise change it or the host take it for a quoted one.
func quoteKey(id string) string {
	if strings.Trim(id, " ") == id && !strings.HasPrefix(id, `"`) {
		return id
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(id) + `"`
}
