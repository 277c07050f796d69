package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/stores/transfer"
)

// errDamaged says that a report, which the user has seen, is not good.
var errDamaged = errors.New("the store is damaged")

// errWritten says that not all could be looked at.
var errWritten = errors.New("it was written to meanwhile, so the log and the entities could not be compared: verify again when no host uses it, or a backup of it")

// verified is what --json prints.
type verified struct {
	Store    string          `json:"store"`
	OK       bool            `json:"ok"`
	Copy     string          `json:"copy,omitempty"` // "unfinished": there is more in its source
	Problems []verifyProblem `json:"problems"`
	More     int             `json:"problems_not_listed"`
	Written  bool            `json:"written_meanwhile"` // so that feed and streams were not compared
	Blobs    int             `json:"blobs"`
	Counts   *logCounts      `json:"counts"`
}

type verifyProblem struct {
	Where string `json:"where"`
	What  string `json:"what"`
}

func (p *Program) storeVerify() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify [URL]",
		Short: "Read all of a store and tell what is wrong with it",
		Long: `Read all of a store, each commit twice: in the order of the log, and entity by entity. Without a URL it is the configured one. It is looked whether every commit is undamaged and decodes, no
entity has a gap, every head is where its events end, the log and the entities hold the same, all kinds of events are listed, and blobs have their digests.

The exit code is 0 if nothing is wrong, 1 if something is, and 3 if the store could not be looked through, or was written to meanwhile.`,
		Example: "  eshost store verify pebble:backups/monday",
		Args:    cobra.MaximumNArgs(1),
	}
	f := p.storing(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		unfinished := func(err error) error { return &exitError{err, exitUnfinished} }
		loaded, err := f.load(args...)
		if err != nil {
			return unfinished(err)
		}
		url := urlOr(args, loaded)
		s, err := f.open(ctx, loaded, url, true)
		if err != nil {
			return unfinished(err)
		}
		defer s.Close()
		show := newPace(p.Err)
		r, err := transfer.Verify(ctx, wholeStore(s), &transfer.Options{Progress: show.transfer})
		show.clear()
		if err != nil {
			return unfinished(err)
		}
		partial := s.Finished(ctx)
		if partial != nil && !errors.Is(partial, transfer.ErrUnfinished) {
			return unfinished(partial)
		}
		if err := f.printReport(storeurl.Redact(url), r, partial != nil); err != nil {
			return unfinished(err)
		}
		switch {
		case !r.OK():
			return &reportedError{errDamaged}
		case partial != nil:
			return partial
		case r.Written:
			return unfinished(errWritten)
		}
		return nil
	}
	return c
}

// copyUnfinished is what --json says of a copy that has not ended.
const copyUnfinished = "unfinished"

func (s *storing) printReport(url string, r *transfer.Report, partial bool) error {
	if s.json {
		v := &verified{Store: url, OK: r.OK() && !r.Written, Problems: make([]verifyProblem, 0), More: r.More, Written: r.Written, Blobs: r.Blobs, Counts: countsOf(&r.Counts)}
		if partial {
			v.OK, v.Copy = false, copyUnfinished
		}
		for _, p := range r.Problems {
			v.Problems = append(v.Problems, verifyProblem(p))
		}
		return printJSON(s.p.Out, v)
	}
	for _, p := range r.Problems {
		s.p.say("damaged", "%s: %s", p.Where, p.What)
	}
	if r.More > 0 {
		s.p.say("damaged", "and %d more places", r.More)
	}
	if !r.OK() {
		s.p.say("next", "stop the hosts that use it, and restore a backup into another store")
		return nil
	}
	word := "whole"
	if partial || r.Written {
		word = "undamaged"
	}
	s.p.say(word, "%s", fmt.Sprintf("%d entities, %d commits, %d events, %d blobs; checksum %016x", r.Counts.Entities, r.Counts.Commits, r.Counts.Events, r.Blobs, r.Counts.Checksum))
	return nil
}
