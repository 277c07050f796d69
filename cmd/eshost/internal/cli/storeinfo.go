package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/stores/transfer"
)

// storeInfo is what is said of a store.
type storeInfo struct {
	client.Store
	DiskBytes int64      `json:"disk_bytes,omitempty"` // of an embedded store's folder
	Copy      string     `json:"copy,omitempty"`       // "unfinished": there is more in its source
	Blobs     int        `json:"blobs"`
	Counts    *logCounts `json:"counts,omitempty"` // missing: they were not asked for, or a host was
}

// logCounts is what a log holds, as --json prints it.
type logCounts struct {
	Entities int64        `json:"entities"`
	Commits  int64        `json:"commits"`
	Events   int64        `json:"events"`
	Commands int64        `json:"commands"`
	Plugins  int          `json:"plugins"`
	Bytes    int64        `json:"bytes"` // of the commits' stored forms
	First    *time.Time   `json:"first,omitempty"`
	Last     *time.Time   `json:"last,omitempty"`
	Checksum string       `json:"checksum"` // the same for stores that hold the same commits
	Types    []typeCounts `json:"types"`
}

type typeCounts struct {
	Type     string `json:"type"`
	Entities int64  `json:"entities"`
	Commits  int64  `json:"commits"`
	Events   int64  `json:"events"`
}

func countsOf(c *transfer.Counts) *logCounts {
	out := &logCounts{Entities: c.Entities, Commits: c.Commits, Events: c.Events, Commands: c.Commands, Plugins: c.Plugins, Bytes: c.Bytes,
		Checksum: fmt.Sprintf("%016x", c.Checksum), Types: make([]typeCounts, 0, len(c.Types))}
	if c.Commits > 0 {
		out.First, out.Last = &c.First, &c.Last
	}
	for _, t := range c.Types {
		out.Types = append(out.Types, typeCounts(t))
	}
	return out
}

func (p *Program) storeInfo() *cobra.Command {
	var quick bool
	c := &cobra.Command{
		Use:   "info [URL]",
		Short: "Print what a store promises, can hold and holds",
		Long: `Print what a store promises, what it can hold, and what it holds: it is read through once for that, unless --quick says not to. Without a URL it is the
configured one. The URL may also be that of a running host, which says what its store promises.`,
		Example: "  eshost store info pebble:eshost-data\n  eshost store info http://127.0.0.1:8080",
		Args:    cobra.MaximumNArgs(1),
	}
	f := p.storing(c)
	c.Flags().BoolVar(&quick, "quick", false, "do not count what it holds")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		loaded, err := f.load(args...)
		if err != nil {
			return err
		}
		url := urlOr(args, loaded)
		info := &storeInfo{}
		if h, is, err := p.hostAt(url); err != nil {
			return err
		} else if is {
			s, err := h.Store(ctx)
			if err != nil {
				return err
			}
			info.Store, quick = *s, true
			return f.printInfo(info)
		}
		s, err := f.open(ctx, loaded, url, true)
		if err != nil {
			return err
		}
		defer s.Close()
		if err := f.look(ctx, s, info, quick); err != nil {
			return err
		}
		return f.printInfo(info)
	}
	return c
}

// look finds out about an open store.
func (s *storing) look(ctx context.Context, st *storage.Stores, info *storeInfo, quick bool) error {
	d := st.Describe()
	info.Store = client.Store{URL: d.URL, Folder: d.Folder, Engine: d.Info.Name, LogID: hex.EncodeToString(d.Info.ID[:]), Durability: d.Info.Durability.String(),
		DurabilityIs: d.Info.DurabilityIs, Exclusive: d.Info.Exclusive, Fencing: d.Info.Fencing, MaxCommitBytes: d.Info.MaxCommit, AppendCommits: d.Info.AppendCommits}
	info.DiskBytes = sizeOfFolder(d.Folder)
	switch err := st.Finished(ctx); {
	case errors.Is(err, transfer.ErrUnfinished):
		info.Copy = copyUnfinished
	case err != nil:
		return err
	}
	if quick {
		return nil
	}
	show := newPace(s.p.Err)
	counts, err := transfer.Count(ctx, st.Log, &transfer.Options{Progress: show.transfer})
	show.clear()
	if err != nil {
		return err
	}
	info.Counts = countsOf(counts)
	for _, err := range st.Blobs.Blobs(ctx) {
		if err != nil {
			return err
		}
		info.Blobs++
	}
	return nil
}

// sizeOfFolder is how many bytes the files of a folder have; 0 where that cannot be told.
func sizeOfFolder(dir string) (n int64) {
	if dir == "" {
		return 0
	}
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

func (s *storing) printInfo(i *storeInfo) error {
	if s.json {
		return printJSON(s.p.Out, i)
	}
	w := tabwriter.NewWriter(s.p.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "store\t%s\n", i.URL)
	fmt.Fprintf(w, "engine\t%s, log %s\n", i.Engine, i.LogID)
	fmt.Fprintf(w, "durability\t%s: %s\n", i.Durability, i.DurabilityIs)
	writers := "many hosts at once"
	if i.Exclusive {
		writers = "one host at a time"
	}
	if i.Fencing {
		writers += ", with fences"
	}
	fmt.Fprintf(w, "written by\t%s\n", writers)
	fmt.Fprintf(w, "limits\t%s a commit, writes of up to %d commits\n", bytesText(int64(i.MaxCommitBytes)), i.AppendCommits)
	if i.Copy != "" {
		fmt.Fprintf(w, "ATTENTION\t%v\n", transfer.ErrUnfinished)
	}
	if i.DiskBytes > 0 {
		fmt.Fprintf(w, "on disk\t%s\n", bytesText(i.DiskBytes))
	}
	if c := i.Counts; c != nil {
		fmt.Fprintf(w, "holds\t%d entities, %d commits, %d events, %d commands, %s, of %d plugins; %d blobs\n", c.Entities, c.Commits, c.Events, c.Commands, bytesText(c.Bytes), c.Plugins, i.Blobs)
		if c.First != nil {
			fmt.Fprintf(w, "between\t%s and %s\n", c.First.Format(time.RFC3339), c.Last.Format(time.RFC3339))
		}
		fmt.Fprintf(w, "checksum\t%s\n", c.Checksum)
		if len(c.Types) > 0 {
			fmt.Fprintln(w, "\nTYPE\tENTITIES\tCOMMITS\tEVENTS")
		}
		for _, t := range c.Types {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", t.Type, t.Entities, t.Commits, t.Events)
		}
	}
	return w.Flush()
}

func bytesText(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}
