package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/eshost/eshost/host/client"
)

// dryRun prints what a command would do. A rejection has the exit code that it has when the command is sent.
func (p *Program) dryRun(ctx context.Context, r *remote, command client.Command) error {
	return r.run(ctx, func(ctx context.Context, c *client.Client) error {
		d, err := c.DryRun(ctx, command)
		if err != nil {
			return err
		}
		if r.json {
			err = printJSON(p.Out, d)
		} else {
			p.printDryRun(&d)
		}
		if err != nil || d.Rejection == nil {
			return err
		}
		return &reportedError{&exitError{fmt.Errorf("rejected: %s", d.Rejection.Code), exitRejected}}
	})
}

func (p *Program) printDryRun(d *client.DryRun) {
	p.say("at", "%d", d.Seq)
	for _, e := range d.Events {
		p.say("event", "%d  %s", e.Seq, eventText(&e))
	}
	if d.Rejection != nil {
		p.say("rejected", "%s%s", d.Rejection.Code, behind(d.Rejection.Payload))
	} else {
		p.say("reply", "%s", orNull(d.Reply))
	}
	p.say("state", "%s", orNull(d.State))
}

// eventText is an event in one line.
func eventText(e *client.EventBody) string {
	return fmt.Sprintf("%s v%d  %s", e.Name, e.Version, orNull(e.Payload))
}

// behind is a payload behind what it belongs to, if there is one.
func behind(payload json.RawMessage) string {
	if len(payload) == 0 || string(payload) == "null" {
		return ""
	}
	return " " + string(payload)
}
