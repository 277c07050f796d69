package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/host/client"
)

func (p *Program) replay() *cobra.Command {
	q := client.ReplayQuery{}
	var plugin, sample string
	c := &cobra.Command{
		Use:   "replay TYPE [ID]",
		Short: "Compare what a plugin makes of recorded history with what the serving one makes of it",
		Long: `Fold the recorded events of a type's entities, or of one of them, by a plugin that need not serve anything and by the one that
serves, and compare the states. Nothing is changed, and while the host serves commands it takes a quarter of one processor.

Entities that differ are shown with the first event that makes a difference and the states after it, events that cannot be folded with the reason.
The exit code is 0 if all is equal, and 6 if not. With --json each line says how far it is, about once a second; the last one has what was found.`,
		Example: `  eshost replay counter --plugin counter.wasm
  eshost replay counter c1 --plugin plugins/counter/go --decide
  eshost replay counter --plugin counter.wasm --sample 10% --keep`,
		Args: cobra.RangeArgs(1, 2),
	}
	r := p.remote(c)
	f := c.Flags()
	f.StringVar(&plugin, "plugin", "", "the plugin, a .wasm file or a source folder")
	f.StringVar(&sample, "sample", "", "share of the entities to look at, such as 10%; the same ones each time (default all)")
	f.Uint64Var(&q.At, "at", 0, "sequence number of each entity's event to end at (default its last one)")
	f.BoolVar(&q.Keep, "keep", false, "also go on from states of the serving plugin, as after a deployment that keeps states")
	f.BoolVar(&q.Decide, "decide", false, "also decide recorded commands again")
	f.IntVar(&q.Examples, "examples", 10, "how many findings to show, up to 1000")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if plugin == "" {
			return &usageError{errors.New("--plugin is missing: say which plugin is to be compared")}
		}
		var err error
		if q.Sample, err = share(sample); err != nil {
			return &usageError{fmt.Errorf("--sample %s: %w", sample, err)}
		}
		if q.Type = args[0]; len(args) == 2 {
			q.ID = args[1]
		}
		built, err := p.builder().Build(cmd.Context(), plugin)
		if err != nil {
			return err
		}
		if r.admin = true; !cmd.Flags().Changed("timeout") {
			r.timeout = 0
		}
		return r.run(cmd.Context(), func(ctx context.Context, c *client.Client) error { return p.replayed(ctx, c, r, q, built.Wasm) })
	}
	return c
}

// share reads a share such as 10% or 0.1; nothing is 0, which is all.
func share(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(number, 64)
	if percent {
		n /= 100
	}
	if err != nil || !(n > 0 && n <= 1) {
		return 0, errors.New("want a share above 0 and up to 1, such as 10% or 0.1")
	}
	return n, nil
}

// replayed prints how far a replay is, and what it found.
func (p *Program) replayed(ctx context.Context, c *client.Client, r *remote, q client.ReplayQuery, wasm []byte) error {
	shown := newProgress(p.Err)
	defer shown.clear()
	for report, err := range c.Replay(ctx, q, wasm) {
		switch {
		case err != nil:
			return err
		case r.json:
			err = printJSON(p.Out, report)
		case report.Done:
			shown.clear()
			p.printReplay(report, q.Decide)
		default:
			shown.show("replaying"+ends(report), report.Events, report.TotalEvents)
		}
		if err != nil {
			return err
		}
		if report.Done && (report.Verdicts["equal"] < report.Entities || report.Decided.Different > 0) {
			return &reportedError{&exitError{errors.New("what was done again is not what it was"), exitDiffers}}
		}
	}
	return nil
}

// ends says for how long a replay will still run, as far as that is known.
func ends(r *client.Replay) string {
	if r.Ends.IsZero() {
		return ""
	}
	return " until " + r.Ends.Local().Format("15:04:05")
}

func (p *Program) printReplay(r *client.Replay, decide bool) {
	for i := range r.Findings {
		p.printFinding(&r.Findings[i])
	}
	for i := range r.Decisions {
		p.printRedecision(&r.Decisions[i])
	}
	var counts []string
	for _, verdict := range []string{"equal", "different", "faulty", "mended", "broken", "unreadable"} {
		if n := r.Verdicts[verdict]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, verdict))
		}
	}
	p.say("replayed", "%d entities, %d events in %v: %s", r.Entities, r.Events, time.Duration(r.ElapsedMillis)*time.Millisecond, orNone(strings.Join(counts, ", ")))
	if decide {
		p.say("decided", "%s", decidedText(&r.Decided))
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func decidedText(d *client.Decided) string {
	return fmt.Sprintf("%d commits again: %d equal, %d different, %d unknown", d.Commits, d.Equal, d.Different, d.Unknown)
}

func (p *Program) printFinding(f *client.Finding) {
	kept := ""
	if f.Kept > 0 {
		kept = fmt.Sprintf(", from the serving plugin's state after event %d on", f.Kept)
	}
	p.say(f.Verdict, "%s/%s%s%s", f.Type, f.ID, where(f), kept)
	if f.Event != nil {
		p.say("  event", "%s", eventText(f.Event))
	}
	if f.Error != "" {
		p.say("  reason", "%s", f.Error)
	}
	if f.Verdict != "different" {
		return
	}
	p.say("  old", "%s", orNull(f.Old))
	p.say("  new", "%s", orNull(f.New))
	for _, line := range patchLines(f.Difference) {
		p.say("", "%s", line)
	}
}

func where(f *client.Finding) string {
	if f.Seq == 0 {
		return ""
	}
	return fmt.Sprintf(" at event %d", f.Seq)
}

func (p *Program) printRedecision(d *client.Redecision) {
	p.say("decision", "%s/%s after event %d: %s%s", d.Type, d.ID, d.After, d.Command, behind(d.Payload))
	p.say("  was", "%s", didText(&d.Recorded))
	p.say("  is", "%s", didText(&d.Now))
}

// didText is what a command did, in one line.
func didText(d *client.Did) string {
	switch {
	case d.Rejected != "":
		return "rejected: " + d.Rejected
	case d.Error != "":
		return d.Error
	}
	var events []string
	for i := range d.Events {
		events = append(events, eventText(&d.Events[i]))
	}
	return fmt.Sprintf("%s; reply %s", orNone(strings.Join(events, ", ")), orNull(d.Reply))
}
