package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/abi/abitest"
	"github.com/eshost/eshost/host/sandbox/conformance"
)

// errNotConformant says that a report, which the user has seen, is not good.
var errNotConformant = errors.New("the plugin is not conformant")

func (p *Program) pluginCheck() *cobra.Command {
	var asJSON bool
	var opts abitest.Options
	c := &cobra.Command{
		Use:   "check FILE.wasm",
		Short: "Put every law of the ABI to work on a plugin",
		Long: `Put every law of the ABI to work on a plugin, and tell which it holds: whatever language and SDK it was made with, a
plugin that holds them all can be served, and swapped for any other one of its types.

The check feeds on the plugin's manifest: the examples of its commands, and the JSON Schemas of payloads where there are
any. A law that nothing put to work is not held, so a command without examples fails.

The exit code is 0 if the plugin is conformant, 1 if it is not, 2 if the command line makes no sense or the file cannot be read,
and 3 if the check was interrupted or could not be finished for another reason that is not the plugin's.`,
		Example: "  eshost plugin check bin/counter-go.wasm",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as one line of JSON")
	c.Flags().IntVar(&opts.Calls, "calls", 0, "guest calls to see whether memory stays flat (default 100000)")
	c.Flags().DurationVar(&opts.CallTimeout, "call-timeout", 0, "after which a guest call is taken for one that never returns (default 10s)")
	c.Flags().Uint64Var(&opts.Seed, "seed", 0, "of the random orders; a report says which it had (default 1)")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if opts.Calls < 0 {
			return &usageError{fmt.Errorf("--calls: %d, want a positive number, or 0 for the default", opts.Calls)}
		}
		if opts.CallTimeout < 0 {
			return &usageError{fmt.Errorf("--call-timeout: %v, want a positive duration, or 0 for the default", opts.CallTimeout)}
		}
		wasm, err := readPlugin(args[0])
		if err != nil {
			return &exitError{err, exitUsage}
		}
		report, err := p.checkConformance(cmd.Context(), wasm, opts)
		if err != nil {
			return &exitError{fmt.Errorf("check %s: %w", args[0], err), exitUnfinished}
		}
		if asJSON {
			err = printJSON(p.Out, report)
		} else {
			err = report.WriteText(p.Out)
		}
		switch {
		case err != nil:
			return &exitError{fmt.Errorf("write the report on %s: %w", args[0], err), exitUnfinished}
		case report.Failed():
			return &reportedError{errNotConformant}
		}
		return nil
	}
	return c
}

// readPlugin reads a .wasm file.
func readPlugin(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("check %s: it is a folder: build it, as with `eshost plugin build %[1]s`, and name the .wasm file", path)
	}
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("check a plugin: %w", err)
	}
	return wasm, nil
}

// checkConformance runs the conformance kit, and shows on a terminal how far it is.
func (p *Program) checkConformance(ctx context.Context, wasm []byte, o abitest.Options) (*abitest.Report, error) {
	if terminal(p.Err) {
		progress := newProgress(p.Err)
		defer progress.clear()
		o.Progress = func(law string, done, total int) { progress.show(law, int64(done), int64(total)) }
	}
	return conformance.Check(ctx, wasm, &o)
}
