package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/stores"
)

func (p *Program) storeBackup() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:   "backup URL DIR",
		Short: "Make a folder that holds all of a store",
		Long: `Make a folder, which must not exist, that holds all of a store: a host can serve from it, as pebble:DIR, and ` + "`eshost store restore`" + ` fills another store from it.

Of an embedded store it is a snapshot of its folder, with the same log id, checkpoints and snapshots. While a host has the folder open the host is asked for it, and goes on with its
work; it must be the one at --url, or its URL stands in the place of the store's. Of any other store it is a copy, as ` + "`eshost store copy`" + ` makes it; hosts that write to that store
must be stopped, or the backup not complete.`,
		Example: "  eshost store backup pebble:eshost-data backups/monday\n  eshost store backup http://127.0.0.1:8080 backups/monday",
		Args:    cobra.ExactArgs(2),
	}
	f := p.storing(c)
	f.takesPartial(c)
	c.Flags().StringVar(&url, "url", "", "address of the host that has the folder open (default $ESHOST_URL, or "+defaultURL+")")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		loaded, err := f.load(args...)
		if err != nil {
			return err
		}
		if h, is, err := p.hostAt(args[0]); is || err != nil {
			if err == nil {
				err = f.fetch(ctx, h, args[1])
			}
			return err
		}
		u, err := storeurl.Parse(args[0])
		if err != nil {
			return err
		}
		if u.Kind != storeurl.Pebble {
			return f.copy(ctx, loaded, args[0], storeurl.Pebble+":"+args[1])
		}
		s, err := f.open(ctx, loaded, args[0], true)
		if errors.Is(err, stores.ErrInUse) {
			return f.fetchFolder(ctx, u.Folder, url, args[1])
		}
		if err != nil {
			return err
		}
		return f.backedUp(errors.Join(s.Backup(ctx, args[1]), s.Close()), args[1])
	}
	return c
}

// fetchFolder asks the host that has the folder open.
func (s *storing) fetchFolder(ctx context.Context, folder, url, dir string) error {
	if url == "" {
		url = s.p.variable("ESHOST_URL")
	}
	if url == "" {
		url = defaultURL
	}
	h, err := client.New(url, &client.Options{Token: s.p.variable("ESHOST_TOKEN")})
	if err != nil {
		return err
	}
	elsewhere := fmt.Sprintf("another process has the folder %s open: name the host that it is, with --url, or stop it", folder)
	info, err := h.Store(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", elsewhere, err)
	}
	if info.Folder == "" || info.Folder != storage.Absolute(folder) {
		return fmt.Errorf("%s: the one at %s serves from %s", elsewhere, url, info.URL)
	}
	if err := storage.Outside(folder, dir); err != nil {
		return s.backedUp(err, dir)
	}
	return s.fetch(ctx, h, dir)
}

// fetch makes the folder of what a host sends.
func (s *storing) fetch(ctx context.Context, h *client.Client, dir string) error {
	if err := storage.Vacant(dir); err != nil {
		return s.backedUp(err, dir)
	}
	return s.backedUp(h.Backup(ctx, func(r io.Reader) error { return storage.Unpack(r, dir) }), dir)
}

// backedUp says that the folder is there.
func (s *storing) backedUp(err error, dir string) error {
	if err != nil {
		return fmt.Errorf("back up to %s: %w", dir, err)
	}
	size := sizeOfFolder(dir)
	if s.json {
		return printJSON(s.p.Out, map[string]any{"folder": dir, "bytes": size})
	}
	s.p.say("backed up", "%s in %s; look it through with eshost store verify pebble:%s", bytesText(size), dir, filepath.ToSlash(dir))
	return nil
}

func (p *Program) storeRestore() *cobra.Command {
	c := &cobra.Command{
		Use:   "restore DIR URL",
		Short: "Fill a store from a backup",
		Long: `Fill a store of any kind, which must be empty, from a backup: it is copied and compared as by ` + "`eshost store copy`" + `, and goes on when it is started again.

What is restored is a log of its own, so that nobody goes on reading it at a position that is now another one. To serve from the backup itself, name it: eshost serve --store pebble:DIR.`,
		Example: "  eshost store restore backups/monday pebble:eshost-data",
		Args:    cobra.ExactArgs(2),
	}
	f := p.storing(c)
	f.takesPartial(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		loaded, err := f.load(args[1])
		if err != nil {
			return err
		}
		return f.restore(cmd.Context(), loaded, args[0], args[1])
	}
	return c
}

func (s *storing) restore(ctx context.Context, c *config.Config, dir, url string) error {
	if _, err := storeurl.Parse(url); err != nil {
		return err
	}
	return s.copy(ctx, c, storeurl.Pebble+":"+dir, url)
}
