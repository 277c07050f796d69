package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/deploy"
	"github.com/eshost/eshost/host/client"
)

// deployTimeout is how long a deployment may take: a large plugin is compiled in it.
const deployTimeout = 5 * time.Minute

// administrating adds the flags of commands that change what a running host serves.
func (p *Program) administrating(c *cobra.Command) *remote {
	r := p.remote(c)
	r.admin = true
	flag := c.Flags().Lookup("timeout")
	flag.DefValue, r.timeout = deployTimeout.String(), deployTimeout
	return r
}

func (p *Program) pluginDeploy() *cobra.Command {
	var o client.DeployOptions
	var planOnly bool
	c := &cobra.Command{
		Use:   "deploy PATH",
		Short: "Deploy a plugin to a running host",
		Long: `Deploy a plugin to a running host: a .wasm file, or a source folder that is built first. It is checked, compiled and compared with what
serves and with the log; then it is recorded, which all hosts on the store follow, and serves the types it declares: each entity goes
over between two batches, and no command fails. The former plugin is kept for ` + "`eshost plugin rollback`" + `.

The plan says which types, commands and events are added, removed or changed; which events are in the log that the plugin does not
list, which needs --force; what becomes of states and snapshots; and whether a rollback would be safe, and if not, why. With --plan
that is all, and its last line is a token: a later deploy that presents it is refused if anything has changed since.

States are folded again from the events, at each entity's next command. With --states keep they are used as they are: by your word they
are those that the new plugin would make.`,
		Example: `  eshost plugin deploy counter.wasm --plan
  eshost plugin deploy counter.wasm --plan-token 3-5f0c7d0a5a1e0e3b4f6a7c11
  eshost plugin deploy plugins/counter/go --states keep`,
		Args: cobra.ExactArgs(1),
	}
	r := p.administrating(c)
	f := c.Flags()
	f.BoolVar(&planOnly, "plan", false, "stop after the plan, and change nothing")
	f.StringVar(&o.PlanToken, "plan-token", "", "deploy only if the plan of this token still holds")
	f.StringVar(&o.States, "states", "", "what becomes of states: keep or refold (default refold)")
	f.BoolVar(&o.Force, "force", false, "deploy it although it cannot fold all events in the log")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkStates(o.States); err != nil {
			return err
		}
		built, err := p.builder().Build(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		o.By = deploy.Who()
		if terminal(p.Err) && !r.json {
			o.Progress = func(step string) { fmt.Fprintf(p.Err, "%s\n", stepWords[step]) }
		}
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			if planOnly {
				plan, err := c.Plan(ctx, built.Wasm, &o)
				if err != nil {
					return exitOf(err)
				}
				return p.printDeployment(r, client.Deployment{Plan: plan})
			}
			d, err := c.Deploy(ctx, built.Wasm, &o)
			if err != nil {
				if d.Plan != nil && !r.json {
					err = errors.Join(err, p.printPlan(d.Plan))
				}
				return exitOf(err)
			}
			return p.printDeployment(r, d)
		})
	}
	return c
}

// stepWords say what is being done.
var stepWords = map[string]string{"load": "checking and compiling", "plan": "planning", "planned": "looking at the plan", "store": "keeping the plugin", "record": "recording", "activate": "activating"}

func checkStates(states string) error {
	if states != "" && states != "keep" && states != "refold" {
		return &usageError{fmt.Errorf("--states %s: want keep or refold", states)}
	}
	return nil
}

// exitOf gives the failure of a deployment its exit code.
func exitOf(err error) error {
	var problem *client.Problem
	if !errors.As(err, &problem) {
		return err
	}
	switch problem.Type {
	case client.TypeUncovered:
		return &exitError{err, exitUncovered}
	case client.TypePlanOutdated, client.TypeDeploymentRace:
		return &exitError{err, exitOutdated}
	}
	return err
}

func (p *Program) printDeployment(r *remote, d client.Deployment) error {
	if r.json {
		return printJSON(p.Out, struct {
			Plan     *client.Plan     `json:"plan"`
			Deployed *client.Deployed `json:"deployed,omitempty"`
		}{d.Plan, d.Deployed})
	}
	if err := p.printPlan(d.Plan); err != nil {
		return err
	}
	switch {
	case d.Plan.Unchanged:
		p.say("unchanged", "%s: plugin %s serves already", strings.Join(typesOf(d.Plan), ", "), short(d.Plan.Plugin))
	case d.Deployed != nil:
		p.printDeployed("deployed", d.Deployed)
	default:
		p.say("token", "%s", d.Plan.Token)
	}
	return nil
}

func (p *Program) printDeployed(how string, d *client.Deployed) {
	p.say(how, "%s: plugin %s (deployment %d)", strings.Join(d.Types, ", "), short(d.Plugin), d.Seq)
}

func typesOf(plan *client.Plan) (names []string) {
	for _, t := range plan.Types {
		names = append(names, t.Type)
	}
	return names
}

// printPlan prints a plan as a table, and what it cannot hold below.
func (p *Program) printPlan(plan *client.Plan) error {
	w := tabwriter.NewWriter(p.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "TYPE\tPLUGIN\tINSTEAD OF\tSTATES\tNOT LISTED\tROLLBACK")
	for _, t := range plan.Types {
		former, rollback := "-", "safe"
		if t.Serving != "" {
			former = short(t.Serving)
		}
		if t.RollbackUnsafe != "" {
			rollback = "not safe"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Type, short(plan.Plugin), former, t.States, orDash(kindsText(t.Unlisted)), rollback)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, t := range plan.Types {
		p.printTypePlan(&t)
	}
	for _, name := range plan.Left {
		fmt.Fprintf(p.Out, "%s: stays with its plugin, since this one does not declare it\n", name)
	}
	return nil
}

func (p *Program) printTypePlan(t *client.TypePlan) {
	for _, c := range t.Changes {
		fmt.Fprintf(p.Out, "%s: %s\n", t.Type, changeText(c.Op, c.What, c.Name, c.Detail))
	}
	if t.SnapshotsIgnored != "" {
		fmt.Fprintf(p.Out, "%s: snapshots are ignored: %s\n", t.Type, t.SnapshotsIgnored)
	}
	if len(t.Unlisted) > 0 {
		fmt.Fprintf(p.Out, "%s: %s is in the log, and the plugin does not list it: entities that have it would be quarantined\n", t.Type, kindsText(t.Unlisted))
	}
	if t.RollbackUnsafe != "" && t.Serving != "" {
		fmt.Fprintf(p.Out, "%s: a rollback is not safe: %s\n", t.Type, t.RollbackUnsafe)
	}
}

// changeText is a change in one line: what it is comes first, as in a patch.
func changeText(op, what, name, detail string) string {
	text := map[string]string{"added": "+ ", "removed": "- ", "changed": "~ "}[op] + what
	if name != "" {
		text += " " + name
	}
	if detail != "" {
		text += ": " + detail
	}
	return text
}

func kindsText(kinds []client.Kind) string {
	var all []string
	for _, k := range kinds {
		all = append(all, fmt.Sprintf("%s v%d", k.Name, k.Version))
	}
	return strings.Join(all, ", ")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (p *Program) pluginRollback() *cobra.Command {
	var o client.RollbackOptions
	c := &cobra.Command{
		Use:   "rollback TYPE",
		Short: "Have a type served by its former plugin again",
		Long: `Have a type served by its former plugin again, which is kept ready for it. The present one becomes the former, so that a second rollback
undoes the first. Other types stay where they are. It is refused if the former plugin cannot fold events that were written
since, unless --force is given: entities that have them are then quarantined until a plugin comes that can.`,
		Example: "  eshost plugin rollback counter",
		Args:    cobra.ExactArgs(1),
	}
	r := p.administrating(c)
	c.Flags().StringVar(&o.States, "states", "", "what becomes of the states of the plugin that serves now: keep or refold (default refold)")
	c.Flags().BoolVar(&o.Force, "force", false, "go back although the former plugin cannot fold all events in the log")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkStates(o.States); err != nil {
			return err
		}
		o.By = deploy.Who()
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			d, err := c.Rollback(ctx, args[0], &o)
			switch {
			case err != nil:
				return exitOf(err)
			case r.json:
				return printJSON(p.Out, d)
			}
			p.printDeployed("restored", &d)
			return nil
		})
	}
	return c
}
