package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/scenario"
	"github.com/eshost/eshost/host/sandbox"
)

func (p *Program) pluginTest() *cobra.Command {
	t := &pluginTesting{p: p}
	c := &cobra.Command{
		Use:   "test [DIR | FILE.wasm]",
		Short: "Run scenario files against a plugin",
		Long: `Run scenario files against a plugin: given these events, when this command comes, then these events and this reply. A folder
(default: the present one) is built first. Scenarios are looked for in its folder "scenarios", or in one beside it, where
folders of several languages share them.

A file is YAML, and the same for all languages:

  type: counter                       # may be left out where there is only one
  scenarios:
    - name: a counter never goes below zero
      given:
        - increased: {by: 5}
      steps:
        - when: {decrease: {by: 7}}
          then: {rejected: underflow}
        - when: {increase: {by: 1}}
          then: {events: [increased: {by: 1}], reply: 6, state: 6}
        - when: {increase: {by: -1}}
          then: {fault: payload}

What is not mentioned is not checked, but that a command without a "then" is accepted. Each entry is a name and its payload; the
name alone has none.

  given     events: name, or name@version for another than the newest
  now, id   the time, in milliseconds or like 2026-01-01T12:00:00Z, of a scenario or from a step on; the entity's id
  then      events, all of them in order; reply, or null for none; state;
            rejected: code or code: payload;
            fault: unknown_command, payload, state, panic or fold, also with a part of its message
  !partial  before a map that may have more keys: state: !partial {status: paid}
  values    beside type: a place for values with an &anchor, which are used as *anchor

Payloads are as in JSON: 5 is an integer, exact up to 64 bits, 5.0 a float, {$bin: "<base64>"} are bytes. The exit code is 1 if a
scenario fails.`,
		Example: `  eshost plugin test
  eshost plugin test plugins/counter/go --run zero
  eshost plugin test bin/order-rust.wasm --scenarios plugins/order/scenarios`,
		Args: cobra.MaximumNArgs(1),
	}
	f := c.Flags()
	f.StringArrayVar(&t.scenarios, "scenarios", nil, "a file or folder of scenarios; may be repeated (default: the folder scenarios)")
	f.StringVar(&t.match, "run", "", "only scenarios whose names match this regular expression")
	f.BoolVar(&t.asJSON, "json", false, "print JSON")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		path := "."
		if len(args) > 0 {
			path = args[0]
		}
		return t.run(cmd.Context(), path)
	}
	return c
}

// pluginTesting is `eshost plugin test`.
type pluginTesting struct {
	p         *Program
	scenarios []string
	match     string
	asJSON    bool
}

func (t *pluginTesting) run(ctx context.Context, path string) error {
	match, err := regexp.Compile(t.match)
	if err != nil {
		return &usageError{fmt.Errorf("--run %s: %w", t.match, err)}
	}
	paths := t.scenarios
	if len(paths) == 0 {
		if paths, err = besides(path); err != nil {
			return err
		}
	}
	if paths, err = scenario.Find(paths); err != nil {
		return err
	}
	files, err := scenario.Load(paths)
	if err != nil {
		return t.unreadable(err)
	}
	built, err := t.p.builder().Build(ctx, path)
	if err != nil {
		return err
	}
	plugin, err := sandbox.Open(ctx, built.Wasm, &sandbox.Options{CacheDir: compiledDir()})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	report, err := scenario.Run(ctx, guests(plugin), files, match, t.show)
	if closing := plugin.Close(context.WithoutCancel(ctx)); err == nil {
		err = closing
	}
	if err != nil {
		return t.unreadable(err)
	}
	return t.report(report)
}

// besides gives the folder of scenarios that belongs to a plugin.
func besides(path string) ([]string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: there is no such file or folder", path)
	}
	folders := []string{filepath.Join(filepath.Dir(abs), "scenarios")}
	if info.IsDir() {
		folders = append([]string{filepath.Join(abs, "scenarios")}, folders...)
	}
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return []string{near(folder)}, nil
		}
	}
	return nil, fmt.Errorf("plugin %s: there are no scenarios: write some into %s, or name them by --scenarios. `eshost plugin test --help` shows what one looks like",
		path, near(folders[0]))
}

// near is a path as seen from the working directory, where it lies below that.
func near(path string) string {
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return path
}

// compiledDir is where compiled plugins are kept; "" where there is no place for them.
func compiledDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "eshost", "compiled")
}

func guests(p *sandbox.Plugin) *scenario.Plugin {
	return &scenario.Plugin{Manifest: p.Manifest(), Open: func(ctx context.Context) (scenario.Guest, error) {
		in, err := p.Instance(ctx)
		if err != nil {
			return nil, err
		}
		return in, nil
	}}
}

// unreadable prints what is wrong with scenario files, a line for each.
func (t *pluginTesting) unreadable(err error) error {
	if parse := (*scenario.ParseError)(nil); errors.As(err, &parse) {
		fmt.Fprintln(t.p.Err, parse)
		return &reportedError{err}
	}
	return err
}

func (t *pluginTesting) show(r *scenario.Result) {
	if !t.asJSON {
		r.Text(t.p.Out)
	}
}

func (t *pluginTesting) report(r *scenario.Report) error {
	switch {
	case r.Passed+r.Failed == 0:
		return fmt.Errorf("no scenario has a name that matches --run %s", t.match)
	case t.asJSON:
		if err := printJSON(t.p.Out, r); err != nil {
			return err
		}
	default:
		fmt.Fprintln(t.p.Out, r.Summary())
	}
	if r.Failed > 0 {
		return &reportedError{errors.New(r.Summary())}
	}
	return nil
}
