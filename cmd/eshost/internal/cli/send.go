package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/stores"
)

func (p *Program) send() *cobra.Command {
	var commandID, expect string
	var dry bool
	c := &cobra.Command{
		Use:   "send TYPE ID COMMAND [JSON]",
		Short: "Send a command to an entity and print its reply",
		Long: `Send a command to an entity and print its reply. The payload is JSON, {} if none is given, and - reads it from
standard input. The exit code is 0 when the command was accepted (what it did is then durable), 2 when the
plugin's rules rejected it, and 1 for any other failure.

A command sent with --id can be sent again with the same id without being done twice: do so when the outcome is unknown.

With --dry-run nothing is done: the command is decided on the entity's durable state, and what it would do is printed.`,
		Example: `  eshost send counter c1 increase '{"by": 5}'
  eshost send counter c1 increase '{"by": 5}' --id order-17
  eshost send counter c1 decrease '{"by": 1}' --expect 3
  eshost send counter c1 decrease '{"by": 1}' --dry-run
  eshost send counter c1 increase '{"by": 5}' --nats nats://127.0.0.1:4222`,
		Args: cobra.RangeArgs(3, 4),
	}
	r := p.remote(c)
	c.Flags().StringVar(&r.nats, "nats", "", "send over NATS, by the server at this URL; prefix and credentials are those of the configuration")
	c.MarkFlagsMutuallyExclusive("nats", "url")
	c.Flags().StringVar(&commandID, "id", "", "command id, which makes sending again safe; 1 to 128 bytes")
	c.Flags().StringVar(&expect, "expect", "", "sequence number the entity must have; 0: it must not exist")
	c.Flags().BoolVar(&dry, "dry-run", false, "show what it would do, and do nothing")
	c.MarkFlagsMutuallyExclusive("dry-run", "id")
	c.MarkFlagsMutuallyExclusive("dry-run", "nats")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		command := client.Command{Type: args[0], ID: args[1], Name: args[2], CommandID: commandID}
		if cmd.Flags().Changed("expect") {
			n, err := strconv.ParseUint(expect, 10, 64)
			if err != nil {
				return &usageError{fmt.Errorf("--expect %s: not a sequence number, which is 0 or a positive integer of 64 bits", expect)}
			}
			command.Expected = &n
		}
		if cmd.Flags().Changed("id") {
			if err := stores.ValidateCommandID(commandID); err != nil {
				return &usageError{fmt.Errorf("--id: %w", err)}
			}
		}
		if len(args) == 4 {
			command.Payload = json.RawMessage(args[3])
			if args[3] == "-" {
				b, err := io.ReadAll(p.In)
				if err != nil {
					return fmt.Errorf("read the payload: %w", err)
				}
				command.Payload = b
			}
			if len(command.Payload) == 0 {
				return &usageError{fmt.Errorf("the payload is empty: leave it out, or give JSON")}
			}
		}
		if dry {
			return p.dryRun(cmd.Context(), r, command)
		}
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			reply, err := c.Handle(ctx, command)
			if err != nil {
				switch {
				case !client.MayHaveHappened(err) || r.json:
				case commandID == "":
					err = fmt.Errorf("%w (it may have happened: look at the state before sending it again, and use --id to make that safe)", err)
				default:
					err = fmt.Errorf("%w (it may have happened: send it again with the same --id to learn its answer)", err)
				}
				return err
			}
			return p.printReply(r, command.CommandID, &reply)
		})
	}
	return c
}

func (p *Program) printReply(r *remote, commandID string, reply *client.Reply) error {
	if r.json {
		return printJSON(p.Out, struct {
			Seq       uint64          `json:"seq"`
			Events    int             `json:"events"`
			Reply     json.RawMessage `json:"reply"`
			CommandID string          `json:"command_id,omitempty"`
			Repeated  bool            `json:"repeated,omitempty"`
		}{reply.Seq, reply.Events, orNull(reply.Payload), commandID, reply.Repeated})
	}
	_, err := fmt.Fprintf(p.Out, "%s\n", orNull(reply.Payload))
	return err
}

func orNull(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("null")
	}
	return b
}
