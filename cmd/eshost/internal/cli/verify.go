package cli

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/host/client"
)

func (p *Program) verify() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify TYPE ID",
		Short: "Decide an entity's recorded commands again, by the plugins that decided them",
		Long: `Decide an entity's recorded commands again, each commit's by the very plugin that decided it, on the state before it and at its
time, and compare events and replies byte for byte. A plugin that the host does not keep any more is told; the others are asked all the same.
The exit code is 0 if nothing is different, and 6 if something is.`,
		Args: cobra.ExactArgs(2),
	}
	r := p.remote(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			v, err := c.Verify(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			if r.json {
				err = printJSON(p.Out, v)
			} else {
				p.printVerification(&v)
			}
			if err == nil && v.Different > 0 {
				err = &reportedError{&exitError{errors.New("commands were decided differently"), exitDiffers}}
			}
			return err
		})
	}
	return c
}

func (p *Program) printVerification(v *client.Verification) {
	for i := range v.Decisions {
		p.printRedecision(&v.Decisions[i])
	}
	for i := range v.Plugins {
		plugin := &v.Plugins[i]
		p.say("plugin", "%s: %s", short(plugin.Plugin), decidedText(&plugin.Decided))
		if plugin.Error != "" {
			p.say("  reason", "%s", plugin.Error)
		}
	}
	p.say("verified", "up to event %d: %s", v.Seq, decidedText(&v.Decided))
}

// patchLines are the operations of a JSON patch, with - before what was and + before what is.
func patchLines(patch json.RawMessage) (lines []string) {
	var ops []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		From  string          `json:"from"`
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(patch, &ops) != nil {
		return nil
	}
	if len(ops) == 0 {
		return []string{"the same value, in other bytes"}
	}
	for _, op := range ops {
		path := op.Path
		if path == "" {
			path = "/"
		}
		switch op.Op {
		case "test":
			lines = append(lines, "- "+path+" "+string(op.Value))
		case "add", "replace":
			lines = append(lines, "+ "+path+" "+string(op.Value))
		case "move", "copy":
			lines = append(lines, "+ "+path+" from "+op.From)
		}
	}
	return lines
}
