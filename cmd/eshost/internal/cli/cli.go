// Package cli is eshost's command line.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/eshost/eshost/host/client"
)

// Exit codes. 2 means one thing to those who send commands, and another to
// those who write plugins.
const (
	exitFailed     = 1 // anything else
	exitRejected   = 2 // the plugin's rules refused the command
	exitUsage      = 2 // of `eshost plugin`: the command line makes no sense, or names what cannot be read
	exitUnfinished = 3 // of `eshost plugin check`: it cannot be said whether the plugin is conformant
	exitUncovered  = 4 // of `eshost plugin deploy` and rollback: the plugin cannot fold all events in the log
	exitOutdated   = 5 // of `eshost plugin deploy` and rollback: another deployment came first, or the plan is out of date
	exitDiffers    = 6 // of `eshost replay` and verify: what was done again is not what it was
)

// Program is what the command line runs in.
type Program struct {
	In       io.Reader
	Out, Err io.Writer
	Env      []string // "NAME=value", as os.Environ gives it
	Version  string
}

// Run runs the command line and returns the exit code.
func (p *Program) Run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	var usage *usageError
	var reported *reportedError
	switch {
	case errors.As(err, &reported):
		err = reported.error
	case errors.As(err, &usage):
		fmt.Fprintf(p.Err, "eshost: %v\nSee `%s --help`.\n", err, cmd.CommandPath())
	case client.Rejected(err) != nil:
		fmt.Fprintln(p.Err, rejectionLine(client.Rejected(err)))
	default:
		fmt.Fprintf(p.Err, "eshost: %s\n", words(err))
	}
	var coded *exitError
	switch {
	case client.Rejected(err) != nil:
		return exitRejected
	case errors.As(err, &coded):
		return coded.code
	case usage != nil && (cmd.Name() == "plugin" || cmd.HasParent() && cmd.Parent().Name() == "plugin"):
		return exitUsage
	}
	return exitFailed
}

// exitError is an error with an exit code of its own.
type exitError struct {
	error
	code int
}

func (e *exitError) Unwrap() error { return e.error }

// usageError is a command line that makes no sense.
type usageError struct{ error }

// reportedError is an error that the user has been told.
type reportedError struct{ error }

func (p *Program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "eshost",
		Short: "Run event-sourced entities whose rules are WebAssembly plugins",
		Long: `eshost runs event-sourced entities: their commands and events are handled by plugins compiled to
WebAssembly, and it does the rest: mailboxes, durable storage, recovery, snapshots and an HTTP API.

  eshost plugin new counter           write a plugin to begin with
  eshost dev counter                  build it, serve it, and swap it whenever a source changes
  eshost send counter c1 increase '{"by": 5}'
  eshost state counter c1
  eshost plugin deploy counter.wasm`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run a host:"}, &cobra.Group{ID: "talk", Title: "Talk to a running host:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			usageArgs(c)
			root.AddCommand(c)
		}
	}
	add("run", p.dev(), p.serve(), p.plugin(), p.bench(), p.store(), p.config())
	add("talk", p.send(), p.state(), p.events(), p.entities(), p.types(), p.audit(), p.replay(), p.verify())
	add("", p.versionCommand())
	usageArgs(root)
	return root
}

// variable looks up an environment variable; "" if it is not set.
func (p *Program) variable(name string) string {
	value := ""
	for _, v := range p.Env {
		if len(v) > len(name) && v[len(name)] == '=' && v[:len(name)] == name {
			value = v[len(name)+1:]
		}
	}
	return value
}

// terminal reports whether somebody looks at what is written to w.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// printJSON writes a value as one line.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
