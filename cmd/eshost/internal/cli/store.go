package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/storage"
	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
	"github.com/eshost/eshost/host/client"
	"github.com/eshost/eshost/stores"
	"github.com/eshost/eshost/stores/transfer"
)

func (p *Program) store() *cobra.Command {
	c := &cobra.Command{
		Use:   "store",
		Short: "Look at stores, copy them, back them up",
		Long: `Look at stores, copy them from one kind to another, back them up and restore them.

A store is named by its URL: ` + storeurl.Forms + `.
What a URL leaves out, such as a password, comes from "store" in the configuration, as in ESHOST__STORE__POSTGRES__PASSWORD.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{p.storeInfo(), p.storeCopy(), p.storeBackup(), p.storeRestore(), p.storeVerify()} {
		usageArgs(sub)
		c.AddCommand(sub)
	}
	return c
}

// storing are the flags of the commands that work on stores.
type storing struct {
	*configured
	p       *Program
	json    bool
	partial bool // copy also what is a part of a copy
}

func (p *Program) storing(c *cobra.Command) *storing {
	s := &storing{configured: p.configuration(c, nil), p: p}
	c.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return s
}

// takesPartial adds the flag for a source that is an unfinished copy.
func (s *storing) takesPartial(c *cobra.Command) {
	c.Flags().BoolVar(&s.partial, "partial", false, "also from a store that is itself a copy that is not finished: what is there is then all there will be")
}

// open opens the store of a URL. One that must exist is not made.
func (s *storing) open(ctx context.Context, c *config.Config, url string, existing bool) (*storage.Stores, error) {
	u, err := storeurl.Parse(url)
	switch {
	case err != nil:
		return nil, err
	case u.Kind == storeurl.Memory:
		return nil, fmt.Errorf("%s: a store in memory is gone with its process: name another one", u)
	case u.Kind == storeurl.Pebble && u.Folder == "":
		return nil, fmt.Errorf("%s names no folder: want pebble:FOLDER", u)
	}
	settings := c.Store
	settings.URL, settings.SnapshotsURL = url, ""
	o := &storage.Options{Existing: existing}
	opened, err := storage.Open(ctx, &settings, o)
	if errors.Is(err, stores.ErrInUse) {
		return nil, fmt.Errorf("%w; a host that runs can be asked by its own URL, for `eshost store info` and `eshost store backup`", err)
	}
	return opened, err
}

// whole is a store as transfers know it.
func wholeStore(s *storage.Stores) transfer.Store {
	return transfer.Store{Log: s.Log, Blobs: s.Blobs, Checkpoints: s.Checkpoints}
}

// host reports whether a URL is a host's, and returns a client of it.
func (p *Program) hostAt(url string) (*client.Client, bool, error) {
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return nil, false, nil
	}
	c, err := client.New(url, &client.Options{Token: p.variable("ESHOST_TOKEN")})
	return c, true, err
}

// urlOr is the URL that was given, or the configured one.
func urlOr(args []string, c *config.Config) string {
	if len(args) > 0 {
		return args[0]
	}
	return c.Store.URL
}
