package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/host/client"
)

func (p *Program) state() *cobra.Command {
	var at uint64
	var plugin string
	c := &cobra.Command{
		Use:   "state TYPE ID",
		Short: "Print an entity's state, or one that it had",
		Long: `Print an entity's state, as JSON. With --json, its sequence number, plugin and time are printed, too.

With --at it is the state after the event with that number, folded from the first event; with --plugin by another plugin than the one
that serves, a .wasm file or a source folder, which changes nothing on the host.`,
		Example: `  eshost state counter c1
  eshost state counter c1 --at 17
  eshost state counter c1 --at 17 --plugin plugins/counter/go`,
		Args: cobra.ExactArgs(2),
	}
	r := p.remote(c)
	c.Flags().Uint64Var(&at, "at", 0, "sequence number of the event after which the state is wanted, from 1 on")
	c.Flags().StringVar(&plugin, "plugin", "", "plugin that folds the events, a .wasm file or a source folder; takes --at")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		past := cmd.Flags().Changed("at")
		switch {
		case past && at == 0:
			return &usageError{errors.New("--at 0: it is before the first event, and there is no state")}
		case plugin != "" && !past:
			return &usageError{errors.New("--plugin: say with --at up to which event")}
		}
		var wasm []byte
		if plugin != "" {
			built, err := p.builder().Build(cmd.Context(), plugin)
			if err != nil {
				return err
			}
			wasm, r.admin = built.Wasm, true
		}
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			var s client.State
			var err error
			if past {
				s, err = c.StateAt(ctx, args[0], args[1], at, wasm)
			} else {
				s, err = c.State(ctx, args[0], args[1])
			}
			if err != nil {
				return err
			}
			if r.json {
				return printJSON(p.Out, s)
			}
			_, err = fmt.Fprintf(p.Out, "%s\n", s.Payload)
			return err
		})
	}
	return c
}

func (p *Program) events() *cobra.Command {
	var after uint64
	var follow bool
	c := &cobra.Command{
		Use:   "events TYPE ID",
		Short: "Print an entity's events, one a line",
		Long: `Print an entity's events, one a line. An entity that has none at all does not exist, which is a failure, as it is for
` + "`eshost state`" + `; that there are none behind --after is none.`,
		Args: cobra.ExactArgs(2),
	}
	r := p.remote(c)
	c.Flags().Uint64Var(&after, "after", 0, "sequence number after which to begin")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new events as they come, until interrupted")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if follow && !cmd.Flags().Changed("timeout") {
			r.timeout = 0
		}
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			events := c.Events
			if follow {
				events = c.Follow
			}
			any := after > 0
			for e, err := range events(ctx, args[0], args[1], after) {
				any = true
				if follow && errors.Is(err, context.Canceled) {
					return nil // the way to end it
				}
				if err == nil {
					err = p.printEvent(r, &e)
				}
				if err != nil {
					return err
				}
			}
			if !any {
				_, err := c.State(ctx, args[0], args[1]) // says that there is no such entity
				return err
			}
			return nil
		})
	}
	return c
}

func (p *Program) printEvent(r *remote, e *client.Event) error {
	if r.json {
		return printJSON(p.Out, e)
	}
	_, err := fmt.Fprintf(p.Out, "%6d  %s  %s v%d  %s\n", e.Seq, e.Time.Format("2006-01-02T15:04:05.000Z07:00"), e.Name, e.Version, e.Payload)
	return err
}

func (p *Program) entities() *cobra.Command {
	var after string
	var limit int
	c := &cobra.Command{
		Use:   "entities TYPE",
		Short: "Print the ids of a type's entities, one a line",
		Long:  "Print the ids of a type's entities that have events, one a line, in byte order. With --json, each is a JSON string.",
		Args:  cobra.ExactArgs(1),
	}
	r := p.remote(c)
	c.Flags().StringVar(&after, "after", "", "id after which to begin")
	c.Flags().IntVar(&limit, "limit", 0, "how many at most; 0: all")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			n := 0
			for id, err := range c.Entities(ctx, args[0], after) {
				switch {
				case err != nil:
					return err
				case r.json:
					err = printJSON(p.Out, id)
				default:
					_, err = fmt.Fprintln(p.Out, id)
				}
				if n++; err != nil || n == limit {
					return err
				}
			}
			return nil
		})
	}
	return c
}

func (p *Program) types() *cobra.Command {
	c := &cobra.Command{
		Use:   "types",
		Short: "Print the entity types that the host serves",
		Args:  cobra.NoArgs,
	}
	r := p.remote(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			types, err := c.Types(ctx)
			if err != nil {
				return err
			}
			if r.json {
				return printJSON(p.Out, types)
			}
			w := tabwriter.NewWriter(p.Out, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "TYPE\tCOMMANDS\tEVENTS\tPLUGIN\tRESIDENT")
			for _, t := range types {
				var commands, events []string
				for _, c := range t.Commands {
					commands = append(commands, c.Name)
				}
				for _, e := range t.Events {
					events = append(events, fmt.Sprintf("%s v%d", e.Name, e.Version))
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", t.Type, strings.Join(commands, ", "), strings.Join(events, ", "), short(t.Plugin), t.Resident)
			}
			return w.Flush()
		})
	}
	return c
}

// short is the beginning of a digest, by which people tell plugins apart.
func short(digest string) string { return digest[:min(len(digest), 12)] }
