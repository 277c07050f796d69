package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/stores/transfer"
)

func (p *Program) storeCopy() *cobra.Command {
	c := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy a store into another one of any kind",
		Long: `Copy all commits of a store, byte for byte with their ids, times, plugins and commands, and its blobs, into another store of any kind. The copy is
a log of its own: positions and snapshots of the source mean nothing to it, and are not copied. In the end both are read and compared.

The target must be empty. A copy that was interrupted goes on where it has ended when it is started again, and so does one whose source
has grown. The source may be in use by hosts, except for an embedded store; but a copy is done only when they have stopped.`,
		Example: "  eshost store copy pebble:eshost-data postgres://eshost@127.0.0.1/eshost\n  eshost store copy nats://127.0.0.1:4222 pebble:copy",
		Args:    cobra.ExactArgs(2),
	}
	f := p.storing(c)
	f.takesPartial(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := f.load(args...)
		if err != nil {
			return err
		}
		return f.copy(cmd.Context(), loaded, args[0], args[1])
	}
	return c
}

// copied is what --json prints of a copy.
type copied struct {
	*logCounts
	From    string  `json:"from"`
	To      string  `json:"to"`
	Blobs   int     `json:"blobs"`
	Moved   int64   `json:"moved_events"` // in this run
	Seconds float64 `json:"move_seconds"`
	Rate    float64 `json:"moved_events_per_second"`
	Resumed bool    `json:"resumed"`
}

// copy copies a store and says what came of it.
func (s *storing) copy(ctx context.Context, c *config.Config, from, to string) (err error) {
	source, err := s.open(ctx, c, from, true)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if !s.partial {
		if err := source.Finished(ctx); err != nil {
			return fmt.Errorf("source: %w, with --partial", err)
		}
	}
	target, err := s.open(ctx, c, to, false)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	show := newPace(s.p.Err)
	out, err := transfer.Copy(ctx, wholeStore(source), wholeStore(target), &transfer.Options{Progress: show.transfer})
	show.clear()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%w: start the same again, and it goes on where it has ended", err)
	case err != nil:
		return err
	}
	rate := float64(out.Moved) / max(out.Took.Seconds(), 1e-9)
	if s.json {
		return printJSON(s.p.Out, &copied{countsOf(&out.Counts), storeurl.Redact(from), storeurl.Redact(to), out.Blobs, out.Moved, out.Took.Seconds(), rate, out.Resumed})
	}
	s.p.say("copied", "%d events in %v, %.0f/s%s", out.Moved, out.Took.Round(time.Millisecond), rate, resumedNote(out.Resumed))
	s.p.say("verified", "%d entities, %d commits, %d events, %d blobs; checksum %016x on both sides", out.Entities, out.Commits, out.Events, out.Blobs, out.Checksum)
	return nil
}

func resumedNote(resumed bool) string {
	if resumed {
		return ", going on with an earlier copy"
	}
	return ""
}
