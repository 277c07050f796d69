package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/host/sandbox"
	"github.com/eshost/eshost/stores"
)

func (p *Program) pluginList() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "Print which plugin serves each type, since when, and the former one",
		Args:  cobra.NoArgs,
	}
	r := p.remote(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			types, err := c.Types(ctx)
			if err != nil {
				return err
			}
			plugins, err := c.Plugins(ctx)
			if err != nil {
				return err
			}
			return p.printServing(r, types, plugins)
		})
	}
	return c
}

// serves is a line of `eshost plugin list`.
type serves struct {
	Type   string `json:"type"`
	Former string `json:"former,omitempty"`
	client.Plugin
}

func (p *Program) printServing(r *remote, types []client.Type, plugins []client.Plugin) error {
	by := make(map[uint64]client.Plugin)
	for _, one := range plugins {
		by[one.Seq] = one
	}
	all := make([]serves, 0, len(types))
	for _, t := range types {
		all = append(all, serves{t.Type, t.Former, by[t.Deployment]})
	}
	if r.json {
		return printJSON(p.Out, all)
	}
	w := tabwriter.NewWriter(p.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "TYPE\tPLUGIN\tDEPLOYMENT\tSINCE\tBY\tFROM\tFORMER")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", s.Type, short(s.Plugin.Plugin), s.Seq, s.Time.Format(timeLayout), orDash(s.By), orDash(s.From), orDash(short(s.Former)))
	}
	return w.Flush()
}

// timeLayout is how moments of deployments are printed.
const timeLayout = "2006-01-02T15:04:05Z07:00"

func (p *Program) pluginHistory() *cobra.Command {
	var after uint64
	c := &cobra.Command{
		Use:   "history [TYPE]",
		Short: "Print who deployed what, when, and from where",
		Args:  cobra.MaximumNArgs(1),
	}
	r := p.remote(c)
	c.Flags().Uint64Var(&after, "after", 0, "number of the deployment after which to begin")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			var all []client.HistoryEntry
			for e, err := range c.History(ctx, after) {
				if err != nil {
					return err
				}
				if len(args) == 0 || concerns(&e, args[0]) {
					all = append(all, e)
				}
			}
			if r.json {
				for _, e := range all {
					if err := printJSON(p.Out, e); err != nil {
						return err
					}
				}
				return nil
			}
			return p.printHistory(all)
		})
	}
	return c
}

func concerns(e *client.HistoryEntry, typ string) bool {
	for _, t := range e.Types {
		if t.Type == typ {
			return true
		}
	}
	return false
}

func (p *Program) printHistory(all []client.HistoryEntry) error {
	w := tabwriter.NewWriter(p.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "DEPLOYMENT\tTIME\tPLUGIN\tTYPES\tSTATES\tBY\tFROM\tNOTE")
	for _, e := range all {
		var names []string
		for _, t := range e.Types {
			names = append(names, t.Type)
		}
		var notes []string
		if e.Rollback {
			notes = append(notes, "rollback")
		}
		if e.Forced {
			notes = append(notes, "forced")
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Seq, e.Time.Format(timeLayout), short(e.Plugin), strings.Join(names, ", "), e.Types[0].States,
			orDash(e.By), orDash(e.From), orDash(strings.Join(notes, ", ")))
	}
	return w.Flush()
}

func (p *Program) pluginShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show PLUGIN",
		Short: "Print what a plugin that was deployed declares, and when it served",
		Long:  "Print what a plugin that was deployed declares, and when it came to serve. PLUGIN is its digest, or the beginning of it. With --json, the manifest is printed whole.",
		Args:  cobra.ExactArgs(1),
	}
	r := p.remote(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			info, err := c.Plugin(ctx, args[0])
			if err != nil {
				return err
			}
			if r.json {
				return printJSON(p.Out, info)
			}
			m, err := manifestOf(&info)
			if err != nil {
				return err
			}
			p.say("plugin", "%s", info.Plugin)
			p.say("size", "%s, ABI %d.%d, %s", size(info.Bytes), m.Major, m.Minor, m.SDK)
			p.say("serves", "%s", orDash(strings.Join(info.Serves, ", ")))
			p.say("former of", "%s", orDash(strings.Join(info.FormerOf, ", ")))
			for i := range m.Types {
				p.printDeclared(&m.Types[i])
			}
			fmt.Fprintln(p.Out)
			return p.printHistory(info.Deployments)
		})
	}
	return c
}

func (p *Program) printDeclared(t *abi.EntityType) {
	var commands, events []string
	for _, c := range t.Commands {
		commands = append(commands, c.Name)
	}
	for _, e := range t.Events {
		events = append(events, fmt.Sprintf("%s v%d", e.Name, e.Version))
	}
	p.say("type", "%s", t.Name)
	p.say("", "commands  %s", orDash(strings.Join(commands, ", ")))
	p.say("", "events    %s", orDash(strings.Join(events, ", ")))
}

// manifestOf decodes a plugin's manifest.
func manifestOf(info *client.PluginInfo) (*abi.Manifest, error) {
	b, err := abi.AppendFromJSON(nil, info.Manifest)
	if err != nil {
		return nil, fmt.Errorf("manifest of plugin %s: %w", short(info.Plugin), err)
	}
	m, err := abi.DecodeManifest(b)
	if err != nil {
		return nil, fmt.Errorf("manifest of plugin %s: %w", short(info.Plugin), err)
	}
	return m, nil
}

func (p *Program) pluginDiff() *cobra.Command {
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Print what plugin B declares otherwise than plugin A",
		Long: `Print what plugin B declares otherwise than plugin A: types, commands, events, schemas, the layout of states and the size. Each is a .wasm
file, or the digest of a plugin that was deployed on the host, or the beginning of it. With --json, an object with both and the changes.`,
		Example: "  eshost plugin diff 5f0c7d0a5a1e counter.wasm",
		Args:    cobra.ExactArgs(2),
	}
	r := p.remote(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error {
			a, err := described(ctx, c, args[0])
			if err != nil {
				return err
			}
			b, err := described(ctx, c, args[1])
			if err != nil {
				return err
			}
			return p.printDiff(r, a, b)
		})
	}
	return c
}

// side is one side of a difference.
type side struct {
	Plugin string `json:"plugin"`
	Bytes  int    `json:"bytes"`
	SDK    string `json:"sdk"`

	manifest *abi.Manifest
}

// described finds out what a file or a digest is.
func described(ctx context.Context, c *client.Client, name string) (*side, error) {
	if strings.HasSuffix(name, ".wasm") {
		wasm, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a plugin: %w", err)
		}
		opened, err := sandbox.Open(ctx, wasm, &sandbox.Options{CacheDir: compiledDir()})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m := opened.Manifest()
		return &side{stores.Digest(sha256.Sum256(wasm)).String(), len(wasm), m.SDK, m}, opened.Close(ctx)
	}
	info, err := c.Plugin(ctx, name)
	if err != nil {
		return nil, err
	}
	m, err := manifestOf(&info)
	if err != nil {
		return nil, err
	}
	return &side{info.Plugin, info.Bytes, m.SDK, m}, nil
}

func (p *Program) printDiff(r *remote, a, b *side) error {
	type change struct {
		Type   string `json:"type"`
		Op     string `json:"op"`
		What   string `json:"what"`
		Name   string `json:"name,omitempty"`
		Detail string `json:"detail,omitempty"`
	}
	all := []change{}
	for _, c := range host.Changes(a.manifest, b.manifest) {
		all = append(all, change(c))
	}
	if r.json {
		return printJSON(p.Out, struct {
			A       *side    `json:"a"`
			B       *side    `json:"b"`
			Changes []change `json:"changes"`
		}{a, b, all})
	}
	for i, s := range []*side{a, b} {
		p.say(string(rune('a'+i)), "%s  %s, %s", short(s.Plugin), size(s.Bytes), s.SDK)
	}
	for _, c := range all {
		fmt.Fprintf(p.Out, "%s: %s\n", c.Type, changeText(c.Op, c.What, c.Name, c.Detail))
	}
	if len(all) == 0 {
		fmt.Fprintln(p.Out, "they declare the same")
	}
	return nil
}
