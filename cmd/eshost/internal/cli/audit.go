package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/host/client"
)

func (p *Program) audit() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Print whether the plugins in service gave the same answers when they were asked twice",
		Long: `Print whether the plugins in service gave the same answers when they were asked twice. A host makes a share of all guest
calls (host.audit_share) a second time, on another instance of the plugin. One that answers differently keeps state of its own, or depends on
something else than its input: what its entities do cannot be repeated. With --json, the first such calls are printed whole.

The exit code is 1 if any plugin did.`,
		Args: cobra.NoArgs,
	}
	r := p.remote(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			audits, err := c.Audits(ctx)
			if err != nil {
				return err
			}
			different := uint64(0)
			for _, a := range audits {
				different += a.Differences
			}
			if r.json {
				err = printJSON(p.Out, audits)
			} else {
				err = p.printAudits(audits)
			}
			if err == nil && different > 0 {
				return &reportedError{fmt.Errorf("%d calls were answered differently by two instances", different)}
			}
			return err
		})
	}
	return c
}

func (p *Program) printAudits(audits []client.Audit) error {
	w := tabwriter.NewWriter(p.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "PLUGIN\tASKED TWICE\tANSWERED DIFFERENTLY")
	for _, a := range audits {
		fmt.Fprintf(w, "%s\t%d\t%d\n", short(a.Plugin), a.Audited, a.Differences)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, a := range audits {
		for _, d := range a.Examples {
			fmt.Fprintf(p.Out, "\n%s: %s for %s/%s after event %d, %s\n  first   %s\n  second  %s%s\n", short(a.Plugin), d.Func, d.Type, d.ID, d.Seq,
				d.Time.Format("2006-01-02T15:04:05.000Z07:00"), d.First, d.Second, d.Error)
		}
	}
	return nil
}
